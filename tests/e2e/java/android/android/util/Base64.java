package android.util;

/** Without line breaks, as the flags ask that the SDK passes (NO_WRAP), or for texts that are too short for one. */
public final class Base64 {
    private Base64() {}

    public static byte[] decode(String text, int flags) {
        return java.util.Base64.getMimeDecoder().decode(text);
    }

    public static byte[] encode(byte[] bytes, int flags) {
        return java.util.Base64.getEncoder().encode(bytes);
    }

    public static String encodeToString(byte[] bytes, int flags) {
        return java.util.Base64.getEncoder().encodeToString(bytes);
    }
}
