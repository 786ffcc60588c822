package dev.treaty.balance;

import dev.treaty.core.call.ArgumentPath;
import dev.treaty.core.call.Call;
import dev.treaty.core.contract.Description;
import dev.treaty.core.contract.Shape.Scalar;
import dev.treaty.core.text.Accepted;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Which part of a call is the key of the load-balancing policies that hash: the header, else the argument, else the
 * part with {@link dev.treaty.core.contract.PartitionKey}. A call without a key is balanced by two random choices.
 *
 * @param header the name of the header with the key; empty for none
 * @param argument the path of the argument with the key, such as {@code order.customer}; empty for none
 * @param balanceFactor the multiple of the mean load that an instance may have before its keys move
 */
public record HashPolicy(
        @Description("The header that is the key of hashing policies.") @Accepted("the name of a header")
        Optional<String> header,

        @Description(
                "The argument that is the key if there is no header; without either, the part with `@PartitionKey`.")
        @Accepted(pattern = "(?=\\s*[^\\s.])[^.]+(\\.(?=\\s*[^\\s.])[^.]+){0,7}", value = "1 to 8 names joined by dots")
        Optional<String> argument,

        @Description("How many times the mean load an instance may have before its keys move.")
        @Accepted(min = "1.05", max = "100")
        double balanceFactor) {
    /** The part with {@code @PartitionKey}; an instance may have 1.25 times the mean load. */
    public static final HashPolicy DEFAULT = new HashPolicy(Optional.empty(), Optional.empty(), 1.25);

    /** The result of {@link #key} for a call without a key. */
    static final long NONE = 0;

    private static final Map<Class<?>, Scalar> SCALARS =
            Arrays.stream(Scalar.values()).collect(Collectors.toUnmodifiableMap(Scalar::type, scalar -> scalar));

    private static final Map<String, ArgumentPath> PATHS = new ConcurrentHashMap<>();

    /** The maximum number of cached paths; further paths are parsed for each call. */
    private static final int PATHS_MAX = 10_000;

    /** @throws IllegalArgumentException if a value is out of range; the message names it and the accepted range */
    public HashPolicy {
        PolicyChecks.within("balance-factor", balanceFactor, 1.05, 100.0);
        header = header.map(name -> name.toLowerCase(Locale.ROOT));
        argument.ifPresent(ArgumentPath::of);
    }

    /** Returns the hash of the call's key, or {@link #NONE} for a call without a key. */
    long key(Call call) {
        String text =
                header.isPresent() ? call.context().headers().get(header.get()).orElse(null) : null;
        if (text == null) {
            Optional<String> path = argument.isPresent()
                    ? argument
                    : call.operation().signature().partitionKey();
            text = path.isPresent() ? text(path(path.get()).in(call)) : null;
        }
        long hash = text == null ? NONE : of(text);
        return text != null && hash == NONE ? 1 : hash;
    }

    /**
     * Returns a key as its text in a message, so that equal keys are equal in every process and kind of client; null
     * for a value that is no key, such as a list.
     */
    private static @Nullable String text(@Nullable Object value) {
        if (value == null) {
            return null;
        }
        Scalar scalar = SCALARS.get(value.getClass());
        if (scalar != null) {
            return scalar.format(value);
        }
        return value instanceof Enum<?> constant ? constant.name() : value instanceof Number ? value.toString() : null;
    }

    private static ArgumentPath path(String text) {
        ArgumentPath known = PATHS.get(text);
        if (known != null || PATHS.size() >= PATHS_MAX) {
            return known != null ? known : ArgumentPath.of(text);
        }
        return PATHS.computeIfAbsent(text, ArgumentPath::of);
    }

    /** Hashes a text to the same value in every process: FNV-1a, then {@link #mix}. */
    static long of(String text) {
        long hash = 0xCBF29CE484222325L;
        for (int i = 0; i < text.length(); i++) {
            hash = (hash ^ text.charAt(i)) * 0x100000001B3L;
        }
        return mix(hash);
    }

    /**
     * Distributes the entropy of every bit over all bits.
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
