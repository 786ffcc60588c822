package dev.treaty.observe;

import dev.treaty.core.call.ContextCarrier;
import java.util.Map;
import org.slf4j.MDC;

/** Carries SLF4J's MDC, so that an attempt on another thread logs with the values of its caller. */
public final class MdcCarrier implements ContextCarrier {
    @Override
    public Runnable wrap(Runnable body) {
        Map<String, String> values = MDC.getCopyOfContextMap();
        if (values == null || values.isEmpty()) {
            return body;
        }
        return () -> {
            MDC.setContextMap(values);
            try {
                body.run();
            } finally {
                MDC.clear();
            }
        };
    }
}
