import com.alibaba.sdk.android.oss.ClientConfiguration;
import com.alibaba.sdk.android.oss.OSSClient;
import com.alibaba.sdk.android.oss.ServiceException;
import com.alibaba.sdk.android.oss.common.HttpMethod;
import com.alibaba.sdk.android.oss.common.auth.OSSCredentialProvider;
import com.alibaba.sdk.android.oss.common.auth.OSSPlainTextAKSKCredentialProvider;
import com.alibaba.sdk.android.oss.common.auth.OSSStsTokenCredentialProvider;
import com.alibaba.sdk.android.oss.model.AbortMultipartUploadRequest;
import com.alibaba.sdk.android.oss.model.CompleteMultipartUploadRequest;
import com.alibaba.sdk.android.oss.model.GeneratePresignedUrlRequest;
import com.alibaba.sdk.android.oss.model.InitiateMultipartUploadRequest;
import com.alibaba.sdk.android.oss.model.ListPartsRequest;
import com.alibaba.sdk.android.oss.model.MultipartUploadRequest;
import com.alibaba.sdk.android.oss.model.ObjectMetadata;
import com.alibaba.sdk.android.oss.model.PartETag;
import com.alibaba.sdk.android.oss.model.PutObjectRequest;
import com.alibaba.sdk.android.oss.model.ResumableUploadRequest;
import com.alibaba.sdk.android.oss.model.UploadPartRequest;
import com.alibaba.sdk.android.oss.signer.SignVersion;
import driver.Case;
import driver.Driver;
import driver.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The driver of com.aliyun.dpa:oss-android-sdk, on a JVM: {@code android/} beside this file stands for Android's own
 * classes.
 */
public final class Main extends Driver {
    public static void main(String[] arguments) throws IOException {
        new Main().run();
    }

    @Override
    protected Result putFile(Case c) throws Throwable {
        return Result.etag(client(c).putObject(new PutObjectRequest(c.bucket, c.key, c.file, metadata(c))).getETag());
    }

    @Override
    protected Result putBytes(Case c) throws Throwable {
        byte[] body = Files.readAllBytes(Path.of(c.file));
        return Result.etag(client(c).putObject(new PutObjectRequest(c.bucket, c.key, body, metadata(c))).getETag());
    }

    @Override
    protected Result putStream(Case c) {
        return Result.unsupported("takes files and byte arrays only");
    }

    @Override
    protected Result parts(Case c) throws Throwable {
        OSSClient client = client(c);
        String uploadId = begin(client, c);
        byte[] body = Files.readAllBytes(Path.of(c.file));
        List<PartETag> done = new ArrayList<>();
        for (int offset = 0; offset < body.length; offset += (int) c.partSize) {
            UploadPartRequest part = new UploadPartRequest(c.bucket, c.key, uploadId, done.size() + 1);
            part.setPartContent(Arrays.copyOfRange(body, offset, Math.min(offset + (int) c.partSize, body.length)));
            done.add(new PartETag(part.getPartNumber(), client.uploadPart(part).getETag()));
        }
        int listed = client.listParts(new ListPartsRequest(c.bucket, c.key, uploadId)).getParts().size();
        CompleteMultipartUploadRequest complete = new CompleteMultipartUploadRequest(c.bucket, c.key, uploadId, done);
        return Result.parts(listed, client.completeMultipartUpload(complete).getETag());
    }

    @Override
    protected Result abort(Case c) throws Throwable {
        OSSClient client = client(c);
        client.abortMultipartUpload(new AbortMultipartUploadRequest(c.bucket, c.key, begin(client, c)));
        return Result.none();
    }

    @Override
    protected Result upload(Case c) throws Throwable {
        OSSClient client = client(c);
        if (c.checkpoint == null) {
            MultipartUploadRequest<?> request = new MultipartUploadRequest<>(c.bucket, c.key, c.file, metadata(c));
            if (c.partSize != 0) request.setPartSize(c.partSize);
            return Result.etag(client.asyncMultipartUpload(request, null).getResult().getETag());
        }
        ResumableUploadRequest request = new ResumableUploadRequest(c.bucket, c.key, c.file, metadata(c), c.checkpoint);
        request.setDeleteUploadOnCancelling(false);
        if (c.partSize != 0) request.setPartSize(c.partSize);
        return Result.etag(client.resumableUpload(request).getETag());
    }

    @Override
    protected Result exists(Case c) throws Throwable {
        return Result.exists(client(c).doesObjectExist(c.bucket, c.key));
    }

    @Override
    protected Result presign(Case c) throws Throwable {
        GeneratePresignedUrlRequest request = new GeneratePresignedUrlRequest(c.bucket, c.key, 60, HttpMethod.PUT);
        return Result.url(client(c).presignConstrainedObjectURL(request));
    }

    @Override
    protected void describe(Throwable thrown, Result.Error error) {
        if (thrown instanceof ServiceException) {
            ServiceException answer = (ServiceException) thrown;
            error.status = answer.getStatusCode();
            error.code = answer.getErrorCode();
            error.requestId = answer.getRequestId();
        }
    }

    private static OSSClient client(Case c) {
        ClientConfiguration configuration = ClientConfiguration.getDefaultConf();
        if (c.isSignedByVersion4()) configuration.setSignVersion(SignVersion.V4);
        OSSCredentialProvider credentials = c.securityToken == null
            ? new OSSPlainTextAKSKCredentialProvider(c.accessKeyId, c.accessKeySecret)
            : new OSSStsTokenCredentialProvider(c.accessKeyId, c.accessKeySecret, c.securityToken);
        OSSClient client = new OSSClient(new android.content.Context(), c.endpoint, credentials, configuration);
        if (c.isSignedByVersion4()) client.setRegion(c.region);
        return client;
    }

    private static ObjectMetadata metadata(Case c) {
        ObjectMetadata metadata = new ObjectMetadata();
        if (c.contentType != null) metadata.setContentType(c.contentType);
        c.metadata.forEach((name, value) -> metadata.addUserMetadata("x-oss-meta-" + name, value));
        return metadata;
    }

    private static String begin(OSSClient client, Case c) throws Exception {
        InitiateMultipartUploadRequest request = new InitiateMultipartUploadRequest(c.bucket, c.key, metadata(c));
        return client.initMultipartUpload(request).getUploadId();
    }
}
