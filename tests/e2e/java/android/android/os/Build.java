package android.os;

/** What the SDK puts into its User-Agent, and by which it takes the branches for a recent system. */
public final class Build {
    public static final String MODEL = "JVM";
    public static final String ID = "JVM";

    private Build() {}

    public static final class VERSION {
        public static final String RELEASE = "14";
        public static final int SDK_INT = 34;

        private VERSION() {}
    }
}
