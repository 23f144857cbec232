import com.aliyun.sdk.service.oss2.OSSClient;
import com.aliyun.sdk.service.oss2.OSSClientBuilder;
import com.aliyun.sdk.service.oss2.PresignOptions;
import com.aliyun.sdk.service.oss2.credentials.StaticCredentialsProvider;
import com.aliyun.sdk.service.oss2.exceptions.ServiceException;
import com.aliyun.sdk.service.oss2.models.AbortMultipartUploadRequest;
import com.aliyun.sdk.service.oss2.models.CompleteMultipartUpload;
import com.aliyun.sdk.service.oss2.models.CompleteMultipartUploadRequest;
import com.aliyun.sdk.service.oss2.models.InitiateMultipartUploadRequest;
import com.aliyun.sdk.service.oss2.models.ListPartsRequest;
import com.aliyun.sdk.service.oss2.models.Part;
import com.aliyun.sdk.service.oss2.models.PutObjectRequest;
import com.aliyun.sdk.service.oss2.models.UploadPartRequest;
import com.aliyun.sdk.service.oss2.transfermanager.Uploader;
import com.aliyun.sdk.service.oss2.transfermanager.UploaderOptions;
import com.aliyun.sdk.service.oss2.transport.BinaryData;
import driver.Case;
import driver.Driver;
import driver.Result;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** The driver of com.aliyun:alibabacloud-oss-v2. */
public final class Main extends Driver {
    public static void main(String[] arguments) throws IOException {
        new Main().run();
    }

    @Override
    protected Result putFile(Case c) throws Throwable {
        try (OSSClient client = client(c)) {
            return Result.etag(client.putObjectFromFile(putRequest(c).build(), new File(c.file)).eTag());
        }
    }

    @Override
    protected Result putBytes(Case c) throws Throwable {
        try (OSSClient client = client(c)) {
            BinaryData body = BinaryData.fromBytes(Files.readAllBytes(Path.of(c.file)));
            return Result.etag(client.putObject(putRequest(c).body(body).build()).eTag());
        }
    }

    @Override
    protected Result putStream(Case c) throws Throwable {
        try (OSSClient client = client(c); InputStream stream = new FileInputStream(c.file)) {
            return Result.etag(client.putObject(putRequest(c).body(BinaryData.fromStream(stream)).build()).eTag());
        }
    }

    @Override
    protected Result parts(Case c) throws Throwable {
        try (OSSClient client = client(c)) {
            String uploadId = begin(client, c);
            List<Part> done = new ArrayList<>();
            long size = new File(c.file).length();
            for (long offset = 0; offset < size; offset += c.partSize) {
                try (InputStream stream = new FileInputStream(c.file)) {
                    stream.skip(offset);
                    long length = Math.min(c.partSize, size - offset);
                    long number = done.size() + 1;
                    UploadPartRequest part = UploadPartRequest.newBuilder()
                        .bucket(c.bucket).key(c.key).uploadId(uploadId)
                        .partNumber(number).body(BinaryData.fromStream(stream, length)).build();
                    done.add(Part.newBuilder().partNumber(number).eTag(client.uploadPart(part).eTag()).build());
                }
            }
            ListPartsRequest list = ListPartsRequest.newBuilder()
                .bucket(c.bucket).key(c.key).uploadId(uploadId).build();
            int listed = client.listParts(list).parts().size();
            CompleteMultipartUploadRequest complete = CompleteMultipartUploadRequest.newBuilder()
                .bucket(c.bucket).key(c.key).uploadId(uploadId)
                .completeMultipartUpload(CompleteMultipartUpload.newBuilder().parts(done).build()).build();
            return Result.parts(listed, client.completeMultipartUpload(complete).completeMultipartUpload().eTag());
        }
    }

    @Override
    protected Result abort(Case c) throws Throwable {
        try (OSSClient client = client(c)) {
            client.abortMultipartUpload(AbortMultipartUploadRequest.newBuilder()
                .bucket(c.bucket).key(c.key).uploadId(begin(client, c)).build());
            return Result.none();
        }
    }

    @Override
    protected Result upload(Case c) throws Throwable {
        UploaderOptions.Builder options = UploaderOptions.newBuilder();
        if (c.partSize != 0) options.partSize(c.partSize);
        if (c.checkpoint != null) options.enableCheckpoint(true).checkpointDir(c.checkpoint).parallelNum(1);
        try (OSSClient client = client(c)) {
            return Result.etag(new Uploader(client, options.build()).uploadFile(putRequest(c).build(), c.file).etag());
        }
    }

    @Override
    protected Result exists(Case c) throws Throwable {
        try (OSSClient client = client(c)) {
            return Result.exists(client.doesObjectExist(c.bucket, c.key));
        }
    }

    @Override
    protected Result presign(Case c) throws Throwable {
        try (OSSClient client = client(c)) {
            PresignOptions oneMinute = PresignOptions.newBuilder().expiration(Duration.ofMinutes(1)).build();
            return Result.url(client.presign(putRequest(c).build(), oneMinute).url());
        }
    }

    @Override
    protected void describe(Throwable thrown, Result.Error error) {
        ServiceException answer = ServiceException.asCause(thrown);
        if (answer != null) {
            error.status = answer.statusCode();
            error.code = answer.errorCode();
            error.requestId = answer.requestId();
        }
    }

    private static OSSClient client(Case c) {
        OSSClientBuilder builder = OSSClient.newBuilder()
            .region(c.region)
            .endpoint(c.endpoint)
            .credentialsProvider(c.securityToken == null
                ? new StaticCredentialsProvider(c.accessKeyId, c.accessKeySecret)
                : new StaticCredentialsProvider(c.accessKeyId, c.accessKeySecret, c.securityToken));
        if (c.cname) builder.useCName(true);
        if (!c.isSignedByVersion4()) builder.signatureVersion("v1");
        return builder.build();
    }

    private static PutObjectRequest.Builder putRequest(Case c) {
        PutObjectRequest.Builder request = PutObjectRequest.newBuilder().bucket(c.bucket).key(c.key);
        if (c.contentType != null) request.contentType(c.contentType);
        if (!c.metadata.isEmpty()) request.metadata(c.metadata);
        return request;
    }

    private static String begin(OSSClient client, Case c) {
        InitiateMultipartUploadRequest.Builder request =
            InitiateMultipartUploadRequest.newBuilder().bucket(c.bucket).key(c.key);
        if (c.contentType != null) request.contentType(c.contentType);
        if (!c.metadata.isEmpty()) request.metadata(c.metadata);
        return client.initiateMultipartUpload(request.build()).initiateMultipartUpload().uploadId();
    }
}
