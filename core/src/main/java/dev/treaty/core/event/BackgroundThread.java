package dev.treaty.core.event;

import dev.treaty.core.text.Secrets;
import dev.treaty.core.time.Time;

/**
 * Starts the threads that Treaty runs in the background. A thread inherits nothing from the thread that starts it:
 * neither inheritable thread-locals nor a context class loader. No exception or error ends it: the failure is reported
 * as an {@link Event.ThreadFailed}, and after a pause the thread runs its body again.
 *
 * <p>The house test forbids other ways to start a thread, except for threads that run a caller's code in the caller's
 * context.
 */
public final class BackgroundThread {
    /** The pause after a failure, in nanoseconds. */
    private static final long PAUSE_NANOS = 1_000_000_000;

    private static final System.Logger LOGGER = System.getLogger(BackgroundThread.class.getName());

    private BackgroundThread() {}

    /** What a background thread runs. */
    @FunctionalInterface
    public interface Body {
        /**
         * Runs until the work is over. If it throws, it is called again; so it must be able to start anew.
         *
         * @throws InterruptedException to end the thread
         */
        void run() throws InterruptedException;
    }

    /**
     * Creates a virtual thread, unstarted.
     *
     * @param events receives the failures; they are logged if this is {@link Events#NONE}
     */
    public static Thread virtual(String name, Time time, Events events, Body body) {
        return create(Thread.ofVirtual(), name, time, events, body);
    }

    /**
     * Creates a platform thread, unstarted: for work that must continue even if all carriers of virtual threads are
     * busy. It is a daemon.
     */
    public static Thread platform(String name, Time time, Events events, Body body) {
        return create(Thread.ofPlatform().daemon(), name, time, events, body);
    }

    /** Creates a virtual thread, unstarted, that runs its body once; a failure is reported and ends it. */
    public static Thread once(String name, Events events, Body body) {
        return createOnce(Thread.ofVirtual(), name, events, body);
    }

    /** Creates a platform thread, unstarted, that runs its body once; a failure is reported and ends it. */
    public static Thread platformOnce(String name, Events events, Body body) {
        return createOnce(Thread.ofPlatform().daemon(), name, events, body);
    }

    /** Starts a virtual thread that runs its body once; a failure is reported and ends it. */
    public static Thread startOnce(String name, Events events, Body body) {
        Thread thread = once(name, events, body);
        thread.start();
        return thread;
    }

    private static Thread createOnce(Thread.Builder builder, String name, Events events, Body body) {
        return builder.inheritInheritableThreadLocals(false).name(name).unstarted(() -> completes(name, events, body));
    }

    private static Thread create(Thread.Builder builder, String name, Time time, Events events, Body body) {
        return builder.inheritInheritableThreadLocals(false).name(name).unstarted(() -> {
            try {
                while (!completes(name, events, body)) {
                    time.sleep(PAUSE_NANOS);
                }
            } catch (InterruptedException _) {
                // interrupted in order to end
            }
        });
    }

    /** Runs the body; returns false if it failed. */
    private static boolean completes(String name, Events events, Body body) {
        try {
            body.run();
            return true;
        } catch (InterruptedException _) {
            return true;
        } catch (Throwable e) {
            report(name, events, e);
            return false;
        }
    }

    /** Reports the failure of a thread or of code that it called; never throws. */
    public static void report(String name, Events events, Throwable failure) {
        try {
            if (events.equals(Events.NONE)) {
                LOGGER.log(System.Logger.Level.ERROR, "Thread " + name + " failed", Secrets.mask(failure));
            } else {
                events.emit(new Event.ThreadFailed(name, failure));
            }
        } catch (Throwable _) {
            // Out of memory, most likely; the thread must continue.
        }
    }
}
