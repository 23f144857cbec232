package android.net;

/** Without a network: the SDK asks for a line of its own log only. */
public final class ConnectivityManager {
    public NetworkInfo getActiveNetworkInfo() {
        return null;
    }
}
