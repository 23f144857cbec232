import com.aliyun.oss.ClientConfiguration;
import com.aliyun.oss.HttpMethod;
import com.aliyun.oss.OSSClient;
import com.aliyun.oss.ServiceException;
import com.aliyun.oss.common.comm.SignVersion;
import com.aliyun.oss.model.AbortMultipartUploadRequest;
import com.aliyun.oss.model.CompleteMultipartUploadRequest;
import com.aliyun.oss.model.InitiateMultipartUploadRequest;
import com.aliyun.oss.model.ListPartsRequest;
import com.aliyun.oss.model.ObjectMetadata;
import com.aliyun.oss.model.PartETag;
import com.aliyun.oss.model.UploadFileRequest;
import com.aliyun.oss.model.UploadPartRequest;
import driver.Case;
import driver.Driver;
import driver.Result;
import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;

/** The driver of com.aliyun.oss:aliyun-sdk-oss. */
public final class Main extends Driver {
    public static void main(String[] arguments) throws IOException {
        new Main().run();
    }

    @Override
    protected Result putFile(Case c) throws Throwable {
        OSSClient client = client(c);
        File file = new File(c.file);
        ObjectMetadata metadata = metadata(c);
        try {
            return Result.etag(client.putObject(c.bucket, c.key, file, metadata).getETag());
        } catch (NoSuchMethodError releasesBefore2_1) {
            metadata.setContentLength(file.length());
            try (InputStream stream = new FileInputStream(file)) {
                return Result.etag(client.putObject(c.bucket, c.key, stream, metadata).getETag());
            }
        }
    }

    @Override
    protected Result putBytes(Case c) throws Throwable {
        InputStream stream = new ByteArrayInputStream(Files.readAllBytes(Path.of(c.file)));
        return Result.etag(client(c).putObject(c.bucket, c.key, stream, metadata(c)).getETag());
    }

    @Override
    protected Result putStream(Case c) throws Throwable {
        try (InputStream stream = new FileInputStream(c.file)) {
            return Result.etag(client(c).putObject(c.bucket, c.key, stream, metadata(c)).getETag());
        }
    }

    @Override
    protected Result parts(Case c) throws Throwable {
        OSSClient client = client(c);
        String uploadId = begin(client, c);
        List<PartETag> done = new ArrayList<>();
        long size = new File(c.file).length();
        for (long offset = 0; offset < size; offset += c.partSize) {
            try (InputStream stream = new FileInputStream(c.file)) {
                stream.skip(offset);
                UploadPartRequest part = new UploadPartRequest();
                part.setBucketName(c.bucket);
                part.setKey(c.key);
                part.setUploadId(uploadId);
                part.setPartNumber(done.size() + 1);
                part.setInputStream(stream);
                part.setPartSize(Math.min(c.partSize, size - offset));
                done.add(client.uploadPart(part).getPartETag());
            }
        }
        int listed = client.listParts(new ListPartsRequest(c.bucket, c.key, uploadId)).getParts().size();
        CompleteMultipartUploadRequest complete = new CompleteMultipartUploadRequest(c.bucket, c.key, uploadId, done);
        return Result.parts(listed, client.completeMultipartUpload(complete).getETag());
    }

    @Override
    protected Result abort(Case c) throws Throwable {
        OSSClient client = client(c);
        AbortMultipartUploadRequest request = new AbortMultipartUploadRequest(c.bucket, c.key, begin(client, c));
        // By its name: its result's type changed between releases.
        OSSClient.class.getMethod("abortMultipartUpload", AbortMultipartUploadRequest.class).invoke(client, request);
        return Result.none();
    }

    @Override
    protected Result upload(Case c) throws Throwable {
        UploadFileRequest request = new UploadFileRequest(c.bucket, c.key);
        request.setUploadFile(c.file);
        request.setObjectMetadata(metadata(c));
        if (c.partSize != 0) request.setPartSize(c.partSize);
        if (c.checkpoint != null) {
            request.setEnableCheckpoint(true);
            request.setCheckpointFile(c.checkpoint + "/java-v1");
        }
        return Result.etag(client(c).uploadFile(request).getMultipartUploadResult().getETag());
    }

    @Override
    protected Result exists(Case c) throws Throwable {
        return Result.exists(client(c).doesObjectExist(c.bucket, c.key));
    }

    @Override
    protected Result presign(Case c) throws Throwable {
        Date expiry = new Date(System.currentTimeMillis() + 60_000);
        return Result.url(client(c).generatePresignedUrl(c.bucket, c.key, expiry, HttpMethod.PUT).toString());
    }

    @Override
    protected void describe(Throwable thrown, Result.Error error) {
        if (thrown instanceof ServiceException) {
            ServiceException answer = (ServiceException) thrown;
            error.code = answer.getErrorCode();
            error.requestId = answer.getRequestId();
        }
    }

    private static OSSClient client(Case c) {
        ClientConfiguration configuration = new ClientConfiguration();
        if (c.isSignedByVersion4()) configuration.setSignatureVersion(SignVersion.V4);
        OSSClient client = c.securityToken == null
            ? new OSSClient(c.endpoint, c.accessKeyId, c.accessKeySecret, configuration)
            : new OSSClient(c.endpoint, c.accessKeyId, c.accessKeySecret, c.securityToken, configuration);
        if (c.isSignedByVersion4()) client.setRegion(c.region);
        return client;
    }

    private static ObjectMetadata metadata(Case c) {
        ObjectMetadata metadata = new ObjectMetadata();
        if (c.contentType != null) metadata.setContentType(c.contentType);
        c.metadata.forEach(metadata::addUserMetadata);
        return metadata;
    }

    private static String begin(OSSClient client, Case c) {
        InitiateMultipartUploadRequest request = new InitiateMultipartUploadRequest(c.bucket, c.key);
        request.setObjectMetadata(metadata(c));
        return client.initiateMultipartUpload(request).getUploadId();
    }
}
