package dev.treaty.balance;

import dev.treaty.core.call.ArgumentPath;
import dev.treaty.core.call.Call;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What the pickers that hash take as the key of a call. The first that there is: the header, the argument, the part
 * with {@link dev.treaty.core.contract.PartitionKey}. A call without a key is balanced like any other, by two choices.
 *
 * @param header the name of a header, if one is the key
 * @param argument the path of an argument, such as {@code order.customer}, if one is the key
 * @param balanceFactor how many times the mean load an instance may have before its keys go elsewhere
 */
public record HashPolicy(Optional<String> header, Optional<String> argument, double balanceFactor) {
    /** The part with {@code @PartitionKey}; an instance may have 1.25 times the mean load. */
    public static final HashPolicy DEFAULT = new HashPolicy(Optional.empty(), Optional.empty(), 1.25);

    /** What {@link #key} answers where the call has none. */
    static final long NONE = 0;

    private static final Map<String, ArgumentPath> PATHS = new ConcurrentHashMap<>();

    /** Paths are as many as there are in contracts and configurations; what is beyond is read anew each time. */
    private static final int PATHS_MAX = 10_000;

    /** @throws IllegalArgumentException where a value is out of range; the message says which, and what is accepted */
    public HashPolicy {
        PolicyChecks.within("balance-factor", balanceFactor, 1.05, 100);
        header = header.map(name -> name.toLowerCase(Locale.ROOT));
        argument.ifPresent(ArgumentPath::of);
    }

    /** The key of that call as a hash, never {@link #NONE} where it has one. */
    long key(Call call) {
        if (header.isPresent()) {
            String value = call.context().headers().get(header.get());
            if (value != null) {
                return hash(value);
            }
        }
        Optional<String> path =
                argument.isPresent() ? argument : call.operation().signature().partitionKey();
        Object value = path.isPresent() ? path(path.get()).in(call) : null;
        return value == null ? NONE : hash(value);
    }

    private static ArgumentPath path(String text) {
        ArgumentPath known = PATHS.get(text);
        if (known != null || PATHS.size() >= PATHS_MAX) {
            return known != null ? known : ArgumentPath.of(text);
        }
        return PATHS.computeIfAbsent(text, ArgumentPath::of);
    }

    private static long hash(Object value) {
        long hash = of(value.toString());
        return hash == NONE ? 1 : hash;
    }

    /** A hash of that text, the same in every process: FNV-1a, and then {@link #mix}. */
    static long of(String text) {
        long hash = 0xCBF29CE484222325L;
        for (int i = 0; i < text.length(); i++) {
            hash = (hash ^ text.charAt(i)) * 0x100000001B3L;
        }
        return mix(hash);
    }

    /**
     * Spreads every bit over all others.
     *
     * @see <a href="https://zimbry.blogspot.com/2011/09/better-bit-mixing-improving-on.html">D. Stafford, Mix13</a>
     */
    static long mix(long bits) {
        long z = bits;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
