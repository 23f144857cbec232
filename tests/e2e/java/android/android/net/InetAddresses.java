package android.net;

public final class InetAddresses {
    private InetAddresses() {}

    public static boolean isNumericAddress(String host) {
        return host.matches("[0-9.]+") || host.contains(":");
    }
}
