package dev.treaty;

import dev.treaty.core.call.Call;
import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Filter;
import dev.treaty.core.call.Pipeline.Step;
import dev.treaty.core.event.Events;
import dev.treaty.core.text.PrintableText;
import dev.treaty.pipeline.UserFilter;
import java.util.ArrayList;
import java.util.List;

/**
 * The filters of an application, each at a named place of the fixed order of steps, for all services that a process
 * calls and serves; Treaty's own services have none. {@link Treaty#open(dev.treaty.config.Settings, Filters)} takes
 * them, and {@link Treaty#describe} and {@link ServedService#describe} print them at their places. The description of
 * this package has an example.
 *
 * <p>A filter can change the {@linkplain Call#with context} of a call, such as its {@linkplain
 * CallContext#with(dev.treaty.core.call.Headers) headers}, respond itself instead of the next step, and read and change
 * the response. The context of the call is the {@linkplain CallContext#current() current} one, so that calls that a
 * filter makes are calls within that call; they pass the filters too. Several filters at one place are around each
 * other in the order in which they were added.
 *
 * <p>A {@link dev.treaty.core.call.ServiceException} of a filter is its fault, of a call that may have run. Any other
 * exception, and null in place of a response, is an {@code internal} fault with the name of the filter and nothing
 * else; the log has the rest. Immutable.
 */
public final class Filters {
    /** No filters. */
    public static final Filters NONE = new Filters(List.of());

    /** The maximum length of a name, in characters. */
    public static final int NAME_LENGTH_MAX = 64;

    private final List<Placed> all;

    private record Placed(Place place, String name, Filter filter) {}

    /** A place in the order of steps. */
    public enum Place {
        /** On the client, once for each call: around the guard, and so around its deadline and all attempts. */
        CLIENT_CALL("your filter, once for each call: around its deadline and all attempts"),
        /**
         * On the client, for each attempt and each mirrored copy, when its instance is selected: around what is sent to
         * it. It can pass an attempt on once. If it does not, the attempt is not counted for the instance.
         */
        CLIENT_ATTEMPT("your filter, for each attempt: the instance is selected, and its breaker has admitted it"),
        /** On the server, for each call whose deadline has not passed: before the limits, so it must be cheap. */
        SERVER_ADMISSION("your filter, before the limits, so it must be cheap"),
        /** On the server, for each admitted call: before the code of the service. */
        SERVER_HANDLER("your filter, for each admitted call");

        private final String reason;

        Place(String reason) {
            this.reason = reason;
        }
    }

    private Filters(List<Placed> all) {
        this.all = all;
    }

    /**
     * Returns these filters and another one, within those at the same place.
     *
     * @param name names it in descriptions, faults and logs
     * @throws IllegalArgumentException if the name is blank, too long or not printable
     */
    public Filters with(Place place, String name, Filter filter) {
        if (name.isBlank() || name.length() > NAME_LENGTH_MAX || !PrintableText.isPrintable(name)) {
            throw new IllegalArgumentException(
                    "the name of a filter is printable and has 1 to " + NAME_LENGTH_MAX + " characters");
        }
        var more = new ArrayList<>(all);
        more.add(new Placed(place, name, filter));
        return new Filters(List.copyOf(more));
    }

    /** Returns the steps at a place, outermost first. */
    List<Step> at(Place place, Events events) {
        return all.stream()
                .filter(each -> each.place == place)
                .map(each -> new Step(each.name, place.reason, new UserFilter(each.name, each.filter, events)))
                .toList();
    }
}
