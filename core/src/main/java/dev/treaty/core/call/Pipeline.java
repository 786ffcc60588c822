package dev.treaty.core.call;

import java.util.List;
import java.util.function.Supplier;

/**
 * A handler wrapped in filters, outermost first. Each filter has a name and a reason, so that a description can be
 * printed that always matches what runs.
 *
 * @param steps the filters with their names and reasons, outermost first
 * @param lastName the name of the handler
 * @param last the handler that the innermost filter calls
 */
public record Pipeline(List<Step> steps, String lastName, Handler last) {
    /**
     * One filter of a pipeline.
     *
     * @param name its name
     * @param reason why it has this position
     * @param detail its current configuration, in lines; may be empty
     */
    public record Step(String name, String reason, Supplier<String> detail, Filter filter) {
        /** A step without detail. */
        public Step(String name, String reason, Filter filter) {
            this(name, reason, () -> "", filter);
        }
    }

    /** Copies the list. */
    public Pipeline {
        steps = List.copyOf(steps);
    }

    /** Builds one handler from all steps. Build it once: building allocates, calls do not. */
    public Handler handler() {
        Handler handler = last;
        for (Step step : steps.reversed()) {
            handler = step.filter().around(handler);
        }
        return handler;
    }

    /** Describes each step in a line with its reason, outermost first, and its detail below. */
    public String describe() {
        var text = new StringBuilder();
        for (Step step : steps) {
            text.append("%-16s %s%n".formatted(step.name(), step.reason()));
            String detail = step.detail().get();
            if (!detail.isEmpty()) {
                text.append(detail.indent(4));
            }
        }
        return text.append(lastName).toString();
    }
}
