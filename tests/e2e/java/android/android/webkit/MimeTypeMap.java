package android.webkit;

/** Knows no type, so that the SDK takes its own default. */
public final class MimeTypeMap {
    private static final MimeTypeMap SINGLETON = new MimeTypeMap();

    private MimeTypeMap() {}

    public static MimeTypeMap getSingleton() {
        return SINGLETON;
    }

    public String getMimeTypeFromExtension(String extension) {
        return null;
    }
}
