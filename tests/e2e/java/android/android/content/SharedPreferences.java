package android.content;

public interface SharedPreferences {
    boolean contains(String name);

    String getString(String name, String otherwise);

    Editor edit();

    interface Editor {
        Editor putString(String name, String value);

        Editor remove(String name);

        boolean commit();
    }
}
