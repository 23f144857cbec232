package android.net;

/** Named by the SDK's methods; the driver uploads files by their paths. */
public abstract class Uri {}
