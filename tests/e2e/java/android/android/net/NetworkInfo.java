package android.net;

/** Named by {@link ConnectivityManager}, which has none. */
public abstract class NetworkInfo {}
