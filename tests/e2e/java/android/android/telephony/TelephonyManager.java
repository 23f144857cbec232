package android.telephony;

/** Without a SIM: the SDK asks for a line of its own log only. */
public final class TelephonyManager {
    public String getSimOperator() {
        return "";
    }
}
