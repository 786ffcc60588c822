package dev.treaty.config;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.contract.VersionRange;
import dev.treaty.registry.RegistryAddress;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How values of one type are written: every setting that is not a group or a list has one.
 *
 * @param type the Java type, boxed
 * @param read what the text means; an IllegalArgumentException says why it means nothing
 * @param write the text for a value, which reads back as the same value
 */
record ValueFormat<T>(Class<T> type, Function<String, T> read, Function<T, String> write) {

    private static final List<ValueFormat<?>> KNOWN = List.of(
            new ValueFormat<>(String.class, Function.identity(), Function.identity()),
            new ValueFormat<>(Boolean.class, ValueFormat::readBoolean, String::valueOf),
            new ValueFormat<>(
                    Integer.class,
                    text -> whole(text, Integer.MIN_VALUE, Integer.MAX_VALUE).intValue(),
                    String::valueOf),
            new ValueFormat<>(
                    Long.class,
                    text -> whole(text, Long.MIN_VALUE, Long.MAX_VALUE).longValue(),
                    String::valueOf),
            new ValueFormat<>(Double.class, ValueFormat::readNumber, ValueFormat::writeNumber),
            new ValueFormat<>(Duration.class, ValueFormat::readDuration, ValueFormat::writeDuration),
            new ValueFormat<>(URI.class, ValueFormat::readUri, URI::toString),
            new ValueFormat<>(ServiceName.class, ServiceName::new, ServiceName::value),
            new ValueFormat<>(Version.class, Version::parse, Version::toString),
            new ValueFormat<>(VersionRange.class, VersionRange::parse, VersionRange::toString),
            new ValueFormat<>(RegistryAddress.class, RegistryAddress::parse, RegistryAddress::toString));

    private static final Map<Class<?>, Class<?>> BOXES = Map.of(
            int.class, Integer.class, long.class, Long.class, double.class, Double.class, boolean.class, Boolean.class);

    /** Numbers of bytes, for a component of type {@code int} or {@code long} with the word "bytes" in its name. */
    private static final ValueFormat<Integer> INT_BYTES = new ValueFormat<>(
            Integer.class, text -> bytes(text, Integer.MAX_VALUE).intValue(), bytes -> writeBytes(bytes));

    private static final ValueFormat<Long> LONG_BYTES =
            new ValueFormat<>(Long.class, text -> bytes(text, Long.MAX_VALUE).longValue(), ValueFormat::writeBytes);

    private static final Pattern BYTES_NAME = Pattern.compile("(^|.*-)bytes(-.*|$)");

    /** Units of time from the longest to the shortest, in nanoseconds. */
    private static final Map<String, Long> TIMES = units(
            List.of("d", "h", "m", "s", "ms", "us", "ns"),
            List.of(86_400_000_000_000L, 3_600_000_000_000L, 60_000_000_000L, 1_000_000_000L, 1_000_000L, 1_000L, 1L));

    /** Units of size from the largest to the smallest, in bytes. */
    private static final Map<String, Long> SIZES = units(
            List.of("GiB", "GB", "MiB", "MB", "KiB", "KB", "B"),
            List.of(1L << 30, 1_000_000_000L, 1L << 20, 1_000_000L, 1L << 10, 1_000L, 1L));

    private static final Pattern TIME_PART =
            Pattern.compile("(\\d{1,18}(?:\\.\\d{1,9})?)\\s*(d|h|ms|m|us|µs|ns|s)\\s*");
    private static final Pattern SIZE = Pattern.compile("(\\d{1,18})\\s*([A-Za-z]*)");
    private static final Pattern WHOLE = Pattern.compile("[+-]?\\d{1,30}");
    private static final Pattern NUMBER =
            Pattern.compile("([+-]?\\d{1,30}(?:\\.\\d{1,30})?(?:[eE][+-]?\\d{1,3})?)\\s*(%?)");

    private static Map<String, Long> units(List<String> names, List<Long> sizes) {
        var units = new LinkedHashMap<String, Long>();
        for (int i = 0; i < names.size(); i++) {
            units.put(names.get(i), sizes.get(i));
        }
        return units;
    }

    /**
     * How values of that type are written, or nothing where the type is not written as one value.
     *
     * @param key the last word of the setting's key, which tells sizes in bytes from other numbers
     */
    static Optional<ValueFormat<?>> of(Class<?> type, String key) {
        Class<?> boxed = BOXES.getOrDefault(type, type);
        if (BYTES_NAME.matcher(key).matches() && (boxed == Integer.class || boxed == Long.class)) {
            return Optional.of(boxed == Integer.class ? INT_BYTES : LONG_BYTES);
        }
        if (boxed.isEnum()) {
            return Optional.of(enumeration(boxed));
        }
        return KNOWN.stream()
                .<ValueFormat<?>>map(t -> t)
                .filter(t -> t.type.isAssignableFrom(boxed))
                .findFirst();
    }

    /** The text for a value of this type. */
    String of(Object value) {
        return write.apply(type.cast(value));
    }

    private static ValueFormat<?> enumeration(Class<?> type) {
        Map<String, Object> constants = new LinkedHashMap<>();
        for (Object constant : type.getEnumConstants()) {
            constants.put(KeyNames.kebab((Enum<?>) constant), constant);
        }
        return new ValueFormat<>(
                Object.class,
                text -> {
                    Object constant =
                            constants.get(text.toLowerCase(Locale.ROOT).replace('_', '-'));
                    if (constant != null) {
                        return constant;
                    }
                    String meant = KeyNames.nearest(text, constants.keySet())
                            .map(k -> "did you mean " + k + "? Use ")
                            .orElse("use ");
                    throw refusal(text, "accepted", "; " + meant + "one of " + String.join(", ", constants.keySet()));
                },
                constant -> KeyNames.kebab((Enum<?>) constant));
    }

    private static IllegalArgumentException refusal(String text, String what, String instead) {
        return new IllegalArgumentException(KeyNames.quote(text) + " is not " + what + instead);
    }

    private static Boolean readBoolean(String text) {
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "true" -> true;
            case "false" -> false;
            default -> throw refusal(text, "a yes or no", "; write true or false");
        };
    }

    private static BigInteger whole(String text, long min, long max) {
        if (!WHOLE.matcher(text).matches()) {
            throw refusal(text, "a whole number", "; write for example 3");
        }
        return within(new BigInteger(text), text, min, max);
    }

    private static BigInteger within(BigInteger value, String text, long min, long max) {
        if (value.compareTo(BigInteger.valueOf(min)) < 0 || value.compareTo(BigInteger.valueOf(max)) > 0) {
            throw refusal(text, "in range", "; use " + min + " to " + max);
        }
        return value;
    }

    private static Double readNumber(String text) {
        Matcher match = NUMBER.matcher(text);
        if (!match.matches()) {
            throw refusal(text, "a number", "; write for example 0.2 or 20%");
        }
        var value = new BigDecimal(match.group(1));
        return (match.group(2).isEmpty() ? value : value.movePointLeft(2)).doubleValue();
    }

    private static String writeNumber(Double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e15
                ? String.valueOf(value.longValue())
                : value.toString();
    }

    private static BigInteger bytes(String text, long max) {
        Matcher match = SIZE.matcher(text);
        Long unit = null;
        if (match.matches()) {
            String name = match.group(2);
            unit = name.isEmpty()
                    ? Long.valueOf(1)
                    : SIZES.entrySet().stream()
                            .filter(e -> e.getKey().equalsIgnoreCase(name))
                            .map(Map.Entry::getValue)
                            .findFirst()
                            .orElse(null);
        }
        if (unit == null) {
            throw refusal(text, "a size", "; write for example 64KiB, 4MiB or 4194304");
        }
        return within(new BigInteger(match.group(1)).multiply(BigInteger.valueOf(unit)), text, 0, max);
    }

    private static String writeBytes(long bytes) {
        for (String unit : List.of("GiB", "MiB", "KiB")) {
            long size = SIZES.getOrDefault(unit, 1L);
            if (bytes != 0 && bytes % size == 0) {
                return bytes / size + unit;
            }
        }
        return String.valueOf(bytes);
    }

    private static Duration readDuration(String text) {
        try {
            if (text.startsWith("P") || text.startsWith("p")) {
                return Duration.parse(text);
            }
            if (text.equals("0")) {
                return Duration.ZERO;
            }
            return sum(text);
        } catch (DateTimeParseException | ArithmeticException e) {
            throw new IllegalArgumentException(notDuration(text), e);
        }
    }

    private static Duration sum(String text) {
        Matcher part = TIME_PART.matcher(text);
        BigDecimal nanos = BigDecimal.ZERO;
        int end = 0;
        long shortest = Long.MAX_VALUE;
        while (end < text.length()) {
            part.region(end, text.length());
            if (!part.lookingAt()) {
                throw new IllegalArgumentException(notDuration(text));
            }
            long unit = TIMES.getOrDefault(part.group(2), 1_000L);
            if (unit >= shortest) {
                throw new IllegalArgumentException(notDuration(text));
            }
            shortest = unit;
            nanos = nanos.add(new BigDecimal(part.group(1)).multiply(BigDecimal.valueOf(unit)));
            end = part.end();
        }
        if (end == 0) {
            throw new IllegalArgumentException(notDuration(text));
        }
        return Duration.ofNanos(nanos.toBigInteger().longValueExact());
    }

    private static String notDuration(String text) {
        return KeyNames.quote(text) + " is not a duration; write for example 250ms, 2s or 1m30s";
    }

    /** The shortest sum of whole units, such as {@code 1m30s}. */
    static String writeDuration(Duration duration) {
        if (duration.isZero()) {
            return "0s";
        }
        if (duration.isNegative() || duration.compareTo(Duration.ofNanos(Long.MAX_VALUE)) > 0) {
            return duration.toString();
        }
        long left = duration.toNanos();
        var text = new StringBuilder();
        for (Map.Entry<String, Long> unit : TIMES.entrySet()) {
            if (left >= unit.getValue()) {
                text.append(left / unit.getValue()).append(unit.getKey());
                left %= unit.getValue();
            }
        }
        return text.toString();
    }

    private static URI readUri(String text) {
        try {
            return new URI(text);
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException(
                    KeyNames.quote(text) + " is not an address; write for example http://127.0.0.1:8080", e);
        }
    }
}
