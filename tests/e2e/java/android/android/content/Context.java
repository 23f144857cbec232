package android.content;

import android.net.ConnectivityManager;
import android.telephony.TelephonyManager;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** An application: what the SDK asks it for. */
public final class Context {
    private final SharedPreferences preferences = new InMemory();

    public Context getApplicationContext() {
        return this;
    }

    public SharedPreferences getSharedPreferences(String name, int mode) {
        return preferences;
    }

    public Object getSystemService(String name) {
        return name.equals("phone") ? new TelephonyManager() : new ConnectivityManager();
    }

    private static final class InMemory implements SharedPreferences, SharedPreferences.Editor {
        private final Map<String, String> values = new ConcurrentHashMap<>();

        @Override
        public boolean contains(String name) {
            return values.containsKey(name);
        }

        @Override
        public String getString(String name, String otherwise) {
            return values.getOrDefault(name, otherwise);
        }

        @Override
        public SharedPreferences.Editor edit() {
            return this;
        }

        @Override
        public SharedPreferences.Editor putString(String name, String value) {
            values.put(name, value);
            return this;
        }

        @Override
        public SharedPreferences.Editor remove(String name) {
            values.remove(name);
            return this;
        }

        @Override
        public boolean commit() {
            return true;
        }
    }
}
