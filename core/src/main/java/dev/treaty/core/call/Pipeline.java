package dev.treaty.core.call;

import java.util.List;
import java.util.function.Supplier;

/**
 * Filters around one handler, outermost first. It is also its own description, so that what is printed is what runs.
 *
 * @param steps the filters with their names and reasons, outermost first
 * @param last what answers in the end
 */
public record Pipeline(List<Step> steps, String lastName, Handler last) {
    /**
     * One filter of a pipeline.
     *
     * @param name its name, as DESIGN's order of a call has it
     * @param reason why it stands where it stands
     * @param detail what it consists of at this moment, in lines; may be empty
     */
    public record Step(String name, String reason, Supplier<String> detail, Filter filter) {
        /** A step that there is no more to say about. */
        public Step(String name, String reason, Filter filter) {
            this(name, reason, () -> "", filter);
        }
    }

    /** Copies the list. */
    public Pipeline {
        steps = List.copyOf(steps);
    }

    /** The pipeline as one handler. Built once and kept: building allocates, calling does not. */
    public Handler handler() {
        Handler handler = last;
        for (Step step : steps.reversed()) {
            handler = step.filter().around(handler);
        }
        return handler;
    }

    /** One line per step, outermost first, with its reason, and below it what it consists of. */
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
