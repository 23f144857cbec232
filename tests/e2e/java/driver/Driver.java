package driver;

import com.google.gson.Gson;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * Has an OSS SDK run cases: one JSON line of standard input each, answered by one line of standard output.
 *
 * <p>A driver is compiled once, with the latest release, and runs with the earlier ones as well: a class or a method of
 * the SDK that a release doesn't have is a case that it doesn't support.
 */
public abstract class Driver {
    private static final Gson GSON = new Gson();

    protected abstract Result putFile(Case c) throws Throwable;

    /** PutObject of an array, as the SDK's documentation shows it. */
    protected abstract Result putBytes(Case c) throws Throwable;

    /** PutObject of a stream whose length the SDK isn't told. */
    protected abstract Result putStream(Case c) throws Throwable;

    /** Initiate, every UploadPart, ListParts, Complete: each by its own call. */
    protected abstract Result parts(Case c) throws Throwable;

    protected abstract Result abort(Case c) throws Throwable;

    /** The SDK's own helper for large files. */
    protected abstract Result upload(Case c) throws Throwable;

    /** Whether an object is there, by the SDK's own question. */
    protected abstract Result exists(Case c) throws Throwable;

    /** A URL for PutObject. */
    protected abstract Result presign(Case c) throws Throwable;

    /** Fills in what the SDK's own exceptions tell. */
    protected abstract void describe(Throwable thrown, Result.Error error);

    /** Runs the cases of standard input, one after the other, until it ends. */
    protected final void run() throws IOException {
        PrintStream answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        // What an SDK prints must not mix with the answers.
        System.setOut(System.err);
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            answers.println(GSON.toJson(answer(GSON.fromJson(line, Case.class))));
        }
        // Threads that an SDK left running would keep the process alive.
        System.exit(0);
    }

    private Result answer(Case c) {
        Result result;
        try {
            result = operation(c);
        } catch (LinkageError missing) {
            result = isFoundHere(missing) ? Result.unsupported(missing.getMessage()) : failed(missing);
        } catch (Throwable thrown) {
            result = failed(thrown);
        }
        result.id = c.id;
        return result;
    }

    private Result operation(Case c) throws Throwable {
        switch (c.operation) {
            case "putFile":
                return putFile(c);
            case "putBytes":
                return putBytes(c);
            case "putStream":
                return putStream(c);
            case "parts":
                return parts(c);
            case "abort":
                return abort(c);
            case "upload":
                return upload(c);
            case "exists":
                return exists(c);
            case "presign":
                return presign(c);
            default:
                return Result.unsupported(c.operation);
        }
    }

    /** Whether it is the driver itself that asks for what a release doesn't have, and not the SDK. */
    private boolean isFoundHere(LinkageError missing) {
        return missing.getStackTrace()[0].getClassName().equals(getClass().getName());
    }

    private Result failed(Throwable thrown) {
        Result result = new Result();
        result.error = new Result.Error();
        result.error.type = thrown.getClass().getName();
        result.error.message = String.valueOf(thrown.getMessage());
        describe(thrown, result.error);
        return result;
    }
}
