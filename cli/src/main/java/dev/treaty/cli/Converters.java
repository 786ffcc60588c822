package dev.treaty.cli;

import dev.treaty.cli.contract.ContractCommand;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.registry.RegistryAddress;
import dev.treaty.resilience.IsolationLevel;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** How words of a command line become values; each says what it accepts where it cannot. */
public final class Converters {
    private Converters() {}

    /** The constant whose name in small letters, with hyphens, that word is. */
    public static <E extends Enum<E>> Optional<E> constant(Class<E> type, String word) {
        return Arrays.stream(type.getEnumConstants())
                .filter(each ->
                        each.name().toLowerCase(Locale.ROOT).replace('_', '-').equals(word))
                .findFirst();
    }

    /** {@code treaty://host:port}, or an address of another kind. */
    public static final class Registry implements ITypeConverter<RegistryAddress> {
        @Override
        public RegistryAddress convert(String text) {
            try {
                RegistryAddress address = RegistryAddress.parse(text);
                if (!(address instanceof RegistryAddress.Embedded)) {
                    return address;
                }
            } catch (IllegalArgumentException e) {
                // told below
            }
            throw new TypeConversionException("\"" + text + "\" is not the address of a registry: write"
                    + " treaty://host:port, such as " + RegistryOptions.USUAL
                    + ", or one that begins with etcd:, zookeeper:, dns: or file:");
        }
    }

    /** The name of a service. */
    static final class Service implements ITypeConverter<ServiceName> {
        @Override
        public ServiceName convert(String text) {
            try {
                return new ServiceName(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }

    /** {@code none}, {@code basic}, {@code enhanced}, {@code full}. */
    static final class Level implements ITypeConverter<IsolationLevel> {
        @Override
        public IsolationLevel convert(String text) {
            return constant(IsolationLevel.class, text.toLowerCase(Locale.ROOT))
                    .orElseThrow(() -> new TypeConversionException(
                            "\"" + text + "\" is no level: choose none, basic, enhanced or full"));
        }
    }

    /** {@code text}, {@code json-schema}, {@code openapi}. */
    public static final class ContractFormat implements ITypeConverter<ContractCommand.Format> {
        @Override
        public ContractCommand.Format convert(String text) {
            return constant(ContractCommand.Format.class, text)
                    .orElseThrow(() -> new TypeConversionException(
                            "\"" + text + "\" is no format: choose text, json-schema or openapi"));
        }
    }

    /** {@code 500ms}, {@code 30s}, {@code 5m}, {@code 1h}. */
    public static final class Time implements ITypeConverter<Duration> {
        private static final Pattern TEXT = Pattern.compile("(\\d{1,9})(ms|s|m|h)");

        @Override
        public Duration convert(String text) {
            Matcher match = TEXT.matcher(text);
            if (!match.matches()) {
                throw new TypeConversionException(
                        "\"" + text + "\" is not a duration: write a number and ms, s, m or h, such as 30s");
            }
            long number = Long.parseLong(match.group(1));
            return switch (match.group(2)) {
                case "ms" -> Duration.ofMillis(number);
                case "s" -> Duration.ofSeconds(number);
                case "m" -> Duration.ofMinutes(number);
                default -> Duration.ofHours(number);
            };
        }
    }
}
