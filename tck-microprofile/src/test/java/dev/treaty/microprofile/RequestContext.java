package dev.treaty.microprofile;

import jakarta.enterprise.context.control.RequestContextController;
import jakarta.enterprise.inject.spi.CDI;
import org.jspecify.annotations.Nullable;

/** Activates the container's request scope on threads that the container did not start. */
final class RequestContext {
    private RequestContext() {}

    static @Nullable Object within(GuardedMethod.Work work) throws Exception {
        RequestContextController controller =
                CDI.current().select(RequestContextController.class).get();
        boolean activated = controller.activate();
        try {
            return work.run();
        } finally {
            if (activated) {
                controller.deactivate();
            }
        }
    }
}
