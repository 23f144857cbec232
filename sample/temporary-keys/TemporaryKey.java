import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Instant;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * A temporary key for a device, as a maker's token server answers in the place of AssumeRole.
 */
public record TemporaryKey(String accessKeyId, String accessKeySecret, String securityToken, Instant expiration) {
    private static final String DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private static final BigInteger BASE = BigInteger.valueOf(62);

    /** The device's id has 1 to 64 of A-Z a-z 0-9 _ -. */
    public static TemporaryKey of(String master, String masterSecret, String device, Instant expires)
            throws GeneralSecurityException {
        String id = "OE1." + master + "." + device + ".e" + expires.getEpochSecond();
        Mac hmac = Mac.getInstance("HmacSHA256");
        hmac.init(new SecretKeySpec(masterSecret.getBytes(StandardCharsets.US_ASCII), "HmacSHA256"));
        BigInteger number = new BigInteger(1, hmac.doFinal(("oss-edge/v1" + id).getBytes(StandardCharsets.US_ASCII)));
        StringBuilder secret = new StringBuilder();
        for (int digit = 0; digit < 30; digit++) {
            BigInteger[] quotient = number.divideAndRemainder(BASE);
            secret.append(DIGITS.charAt(quotient[1].intValue()));
            number = quotient[0];
        }
        return new TemporaryKey(id, secret.reverse().toString(), id, Instant.ofEpochSecond(expires.getEpochSecond()));
    }

    public static void main(String[] args) throws GeneralSecurityException {
        Instant expires = Instant.ofEpochSecond(Long.parseLong(args[2]));
        TemporaryKey key = of(args[0], System.getenv("MASTER_SECRET"), args[1], expires);
        System.out.printf(
                "{\"AccessKeyId\":\"%s\",\"AccessKeySecret\":\"%s\",\"SecurityToken\":\"%s\",\"Expiration\":\"%s\"}%n",
                key.accessKeyId(), key.accessKeySecret(), key.securityToken(), key.expiration());
    }
}
