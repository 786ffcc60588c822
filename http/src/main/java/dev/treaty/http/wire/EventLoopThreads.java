package dev.treaty.http.wire;

import dev.treaty.core.event.BackgroundThread;
import dev.treaty.core.event.Events;
import io.netty.util.concurrent.FastThreadLocalThread;
import java.util.concurrent.ThreadFactory;

/** Creates the threads of Netty's event loops, which inherit nothing from the thread that starts a server. */
public final class EventLoopThreads {
    private EventLoopThreads() {}

    public static ThreadFactory named(String name) {
        return loop -> BackgroundThread.platformOnce(
                name, Events.NONE, () -> FastThreadLocalThread.runWithFastThreadLocal(loop));
    }
}
