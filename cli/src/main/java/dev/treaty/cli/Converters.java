package dev.treaty.cli;

import dev.treaty.core.text.DurationFormat;
import dev.treaty.core.text.Secrets;
import dev.treaty.registry.RegistryAddress;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Converts arguments of the command line to values. */
public final class Converters {
    private Converters() {}

    /** A converter with a parser whose {@link IllegalArgumentException} describes the problem. */
    static <T> ITypeConverter<T> of(Function<String, T> parser) {
        return text -> {
            try {
                return parser.apply(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        };
    }

    /** Reads the constants of an enum, written in lower case with hyphens. */
    static <E extends Enum<E>> ITypeConverter<E> constants(Class<E> type) {
        var constants = new LinkedHashMap<String, E>();
        for (E constant : type.getEnumConstants()) {
            constants.put(constant.name().toLowerCase(Locale.ROOT).replace('_', '-'), constant);
        }
        return text -> Optional.ofNullable(constants.get(text.toLowerCase(Locale.ROOT)))
                .orElseThrow(() -> new TypeConversionException(
                        "\"" + text + "\" is not one of " + String.join(", ", constants.keySet())));
    }

    /** Reads {@code treaty://host:port}, or the address of another backend. */
    public static RegistryAddress registry(String text) {
        try {
            RegistryAddress address = RegistryAddress.parse(text);
            if (!(address instanceof RegistryAddress.Embedded)) {
                return address;
            }
        } catch (IllegalArgumentException e) {
            // reported below
        }
        throw new TypeConversionException("\"" + Secrets.mask(text) + "\" is not the address of a registry: write"
                + " treaty://host:port, such as " + RegistryOptions.USUAL
                + ", or an address that begins with etcd:, zookeeper:, dns: or file:");
    }

    /** Reads {@code 500ms}, {@code 30s}, {@code 5m}, {@code 1h}. */
    static Duration duration(String text) {
        return DurationFormat.read(text)
                .orElseThrow(() -> new TypeConversionException(
                        "\"" + text + "\" is not a duration: write a number and ms, s, m or h, such as 30s"));
    }
}
