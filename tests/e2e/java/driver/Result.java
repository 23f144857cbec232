package driver;

/** Result of a case: what the SDK gave back, or its error. */
public final class Result {
    public String id;
    public String etag;
    public String url;
    public Integer parts;
    public Boolean exists;
    public String unsupported;
    public Error error;

    /** What the SDK raised; without a code it isn't an answer of OSS. */
    public static final class Error {
        public String type;
        public String message;
        public Integer status;
        public String code;
        public String requestId;
    }

    public static Result none() {
        return new Result();
    }

    public static Result etag(String etag) {
        Result result = new Result();
        result.etag = etag;
        return result;
    }

    public static Result parts(int parts, String etag) {
        Result result = etag(etag);
        result.parts = parts;
        return result;
    }

    public static Result exists(boolean exists) {
        Result result = new Result();
        result.exists = exists;
        return result;
    }

    public static Result url(String url) {
        Result result = new Result();
        result.url = url;
        return result;
    }

    public static Result unsupported(String reason) {
        Result result = new Result();
        result.unsupported = reason;
        return result;
    }
}
