package driver;

import java.util.Map;

/** What a device does. Fields that are null or 0 leave the SDK to its own defaults. */
public final class Case {
    public String id;
    public String operation;
    public String endpoint;
    public boolean cname;
    public String signature;
    public String region;
    public String accessKeyId;
    public String accessKeySecret;
    public String securityToken;
    public String bucket;
    public String key;
    public String file;
    public long partSize;
    public String checkpoint;
    public String contentType;
    public Map<String, String> metadata = Map.of();

    public boolean isSignedByVersion4() {
        return "v4".equals(signature);
    }
}
