package dev.treaty.config;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.contract.VersionRange;
import dev.treaty.core.text.AddressRange;
import dev.treaty.core.text.DurationFormat;
import dev.treaty.core.text.PrintableText;
import dev.treaty.registry.RegistryAddress;
import java.lang.invoke.MethodType;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
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
 * The text form of the values of one type, of settings that are neither groups nor lists.
 *
 * @param type the Java type, boxed
 * @param read parses a text; throws an IllegalArgumentException if it is invalid
 * @param write formats a value, so that parsing returns the same value
 */
record ValueFormat<T>(Class<T> type, Function<String, T> read, Function<T, String> write) {

    private static final List<ValueFormat<?>> KNOWN = List.of(
            new ValueFormat<>(String.class, Function.identity(), Function.identity()),
            new ValueFormat<>(Boolean.class, ValueFormat::readBoolean, String::valueOf),
            new ValueFormat<>(Integer.class, ValueFormat::readWhole, String::valueOf),
            new ValueFormat<>(Long.class, ValueFormat::readLong, String::valueOf),
            new ValueFormat<>(Double.class, ValueFormat::readNumber, ValueFormat::writeNumber),
            new ValueFormat<>(Duration.class, ValueFormat::readDuration, DurationFormat::write),
            new ValueFormat<>(URI.class, ValueFormat::readUri, URI::toString),
            new ValueFormat<>(Path.class, ValueFormat::readPath, Path::toString),
            new ValueFormat<>(AddressRange.class, AddressRange::of, AddressRange::toString),
            new ValueFormat<>(ServiceName.class, ServiceName::new, ServiceName::value),
            new ValueFormat<>(Version.class, Version::parse, Version::toString),
            new ValueFormat<>(VersionRange.class, VersionRange::parse, VersionRange::toString),
            new ValueFormat<>(RegistryAddress.class, RegistryAddress::parse, RegistryAddress::toString));

    /** For components of type {@code int} with the word "bytes" in their name. */
    private static final ValueFormat<Integer> BYTES =
            new ValueFormat<>(Integer.class, ValueFormat::readBytes, ValueFormat::writeBytes);

    private static final Pattern BYTES_NAME = Pattern.compile("(^|.*-)bytes(-.*|$)");

    private record Unit(String name, long size) {}

    /** Units of size in bytes; a size is written in the first one that divides it. */
    private static final List<Unit> SIZES = List.of(
            new Unit("GiB", 1 << 30),
            new Unit("MiB", 1 << 20),
            new Unit("KiB", 1 << 10),
            new Unit("", 1),
            new Unit("B", 1),
            new Unit("KB", 1_000),
            new Unit("MB", 1_000_000),
            new Unit("GB", 1_000_000_000));

    private static final Pattern SIZE = Pattern.compile("(\\d{1,18})\\s*([A-Za-z]*)");
    private static final Pattern WHOLE = Pattern.compile("[+-]?\\d{1,30}");
    private static final Pattern NUMBER =
            Pattern.compile("([+-]?\\d{1,30}(?:\\.\\d{1,30})?(?:[eE][+-]?\\d{1,3})?)\\s*(%?)");

    /**
     * Returns the format of a type; empty if its values are not a single text.
     *
     * @param key the last part of the setting's key, which distinguishes sizes in bytes from other numbers
     */
    static Optional<ValueFormat<?>> of(Class<?> type, String key) {
        Class<?> boxed = MethodType.methodType(type).wrap().returnType();
        if (boxed == Integer.class && BYTES_NAME.matcher(key).matches()) {
            return Optional.of(BYTES);
        }
        if (boxed.isEnum()) {
            return Optional.of(enumeration(boxed));
        }
        return KNOWN.stream()
                .<ValueFormat<?>>map(t -> t)
                .filter(t -> t.type.isAssignableFrom(boxed))
                .findFirst();
    }

    /** Returns whether a value may be any text, and so a secret. */
    boolean isText() {
        return type == String.class || type == Path.class || type == URI.class || type == RegistryAddress.class;
    }

    /** Formats a value of this type. */
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
                    String hint = KeyNames.nearest(text, constants.keySet())
                            .map(near -> "did you mean " + near + "? Use ")
                            .orElse("use ");
                    throw rejected(text, "accepted; " + hint + "one of " + String.join(", ", constants.keySet()));
                },
                constant -> KeyNames.kebab((Enum<?>) constant));
    }

    private static IllegalArgumentException rejected(String text, String expected) {
        return new IllegalArgumentException(PrintableText.quote(text) + " is not " + expected);
    }

    private static Boolean readBoolean(String text) {
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "true" -> true;
            case "false" -> false;
            default -> throw rejected(text, "a boolean (true or false)");
        };
    }

    private static Integer readWhole(String text) {
        if (!WHOLE.matcher(text).matches()) {
            throw rejected(text, "a whole number; write for example 3");
        }
        return within(new BigInteger(text), text, Integer.MIN_VALUE);
    }

    private static Long readLong(String text) {
        if (!WHOLE.matcher(text).matches()) {
            throw rejected(text, "a whole number; write for example 3");
        }
        var value = new BigInteger(text);
        if (value.bitLength() >= Long.SIZE) {
            throw rejected(text, "in range; use " + Long.MIN_VALUE + " to " + Long.MAX_VALUE);
        }
        return value.longValue();
    }

    private static Path readPath(String text) {
        try {
            return Path.of(text);
        } catch (InvalidPathException _) {
            throw rejected(text, "the path of a file or of a directory");
        }
    }

    private static Integer within(BigInteger value, String text, int min) {
        if (value.bitLength() >= Integer.SIZE || value.intValue() < min) {
            throw rejected(text, "in range; use " + min + " to " + Integer.MAX_VALUE);
        }
        return value.intValue();
    }

    private static Double readNumber(String text) {
        Matcher match = NUMBER.matcher(text);
        if (!match.matches()) {
            throw rejected(text, "a number; write for example 0.2 or 20%");
        }
        var value = new BigDecimal(match.group(1));
        return (match.group(2).isEmpty() ? value : value.movePointLeft(2)).doubleValue();
    }

    private static String writeNumber(Double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e15
                ? String.valueOf(value.longValue())
                : value.toString();
    }

    private static Integer readBytes(String text) {
        Matcher match = SIZE.matcher(text);
        Optional<Long> unit = match.matches()
                ? SIZES.stream()
                        .filter(each -> each.name.equalsIgnoreCase(match.group(2)))
                        .map(Unit::size)
                        .findFirst()
                : Optional.empty();
        if (unit.isEmpty()) {
            throw rejected(text, "a size; write for example 64KiB, 4MiB or 4194304");
        }
        return within(new BigInteger(match.group(1)).multiply(BigInteger.valueOf(unit.get())), text, 0);
    }

    private static String writeBytes(int bytes) {
        return SIZES.stream()
                .filter(unit -> bytes != 0 && bytes % unit.size == 0)
                .map(unit -> bytes / unit.size + unit.name)
                .findFirst()
                .orElse("0");
    }

    private static Duration readDuration(String text) {
        try {
            if (text.startsWith("P") || text.startsWith("p")) {
                return Duration.parse(text);
            }
        } catch (DateTimeParseException e) {
            // reported below
        }
        return DurationFormat.read(text.equals("0") ? "0s" : text)
                .orElseThrow(() -> rejected(text, "a duration; write for example 250ms, 2s or 1m30s"));
    }

    private static URI readUri(String text) {
        try {
            return new URI(text);
        } catch (URISyntaxException e) {
            throw rejected(text, "an address; write for example http://127.0.0.1:8080");
        }
    }
}
