package dev.treaty.cli;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.text.DurationFormat;
import dev.treaty.core.text.Secrets;
import dev.treaty.registry.RegistryAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Converts arguments of the command line to values. */
public final class Converters {
    private Converters() {}

    /** Returns the constant with that name in lower case, with hyphens. */
    public static <E extends Enum<E>> Optional<E> constant(Class<E> type, String word) {
        return Arrays.stream(type.getEnumConstants())
                .filter(each -> word(each).equals(word))
                .findFirst();
    }

    private static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    static <E extends Enum<E>> ITypeConverter<E> constants(Class<E> type) {
        return text -> constant(type, text.toLowerCase(Locale.ROOT))
                .orElseThrow(() -> new TypeConversionException("\"" + text + "\" is not one of "
                        + Arrays.stream(type.getEnumConstants())
                                .map(Converters::word)
                                .collect(Collectors.joining(", "))));
    }

    static ServiceName service(String text) {
        try {
            return new ServiceName(text);
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException(e.getMessage());
        }
    }

    static Version version(String text) {
        try {
            return Version.parse(text);
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException(e.getMessage());
        }
    }

    /** Reads {@code treaty://host:port}, or the address of another backend. */
    public static final class Registry implements ITypeConverter<RegistryAddress> {
        @Override
        public RegistryAddress convert(String text) {
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
    }

    /** Reads {@code 500ms}, {@code 30s}, {@code 5m}, {@code 1h}. */
    public static final class Time implements ITypeConverter<Duration> {
        @Override
        public Duration convert(String text) {
            return DurationFormat.read(text)
                    .orElseThrow(() -> new TypeConversionException(
                            "\"" + text + "\" is not a duration: write a number and ms, s, m or h, such as 30s"));
        }
    }
}
