package dev.treaty.house.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.treaty.codec.Json;
import dev.treaty.codec.JsonCodec;
import dev.treaty.codec.MessageException;
import dev.treaty.config.InstancesFile;
import dev.treaty.config.Settings;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.call.Trace;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.Version;
import dev.treaty.core.contract.VersionRange;
import dev.treaty.core.text.DurationFormat;
import dev.treaty.core.text.PrintableText;
import dev.treaty.core.text.Secrets;
import dev.treaty.registry.RegistryAddress;
import dev.treaty.registry.RegistryProtocol;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The parsers of texts from outside. Each accepts a text, or refuses it as it documents, whatever the text is. */
enum Parser {
    /** JSON without a schema; what is read is written and read back. */
    JSON {
        @Override
        void parse(byte[] bytes) {
            String written = Json.text(Json.read(bytes));
            check(written.equals(Json.text(Json.read(written))), "JSON is not read back");
        }
    },

    /** The requests of an operation with records, lists and maps. */
    MESSAGE {
        @Override
        void parse(byte[] bytes) {
            WATCH.readRequest(bytes, 0, bytes.length);
            WATCH.readResponse(bytes, 0, bytes.length);
        }
    },

    /** The text form of contracts; what is read is written and read back. */
    CONTRACT {
        @Override
        void parse(byte[] bytes) {
            var contract = ServiceContract.parse(text(bytes));
            check(contract.equals(ServiceContract.parse(contract.text())), "a contract is not read back");
        }
    },

    /** Versions and their ranges; a version that is read is written and read back. */
    VERSION {
        @Override
        void parse(byte[] bytes) {
            VersionRange.parse(text(bytes));
            var version = Version.parse(text(bytes));
            check(version.equals(Version.parse(version.toString())), "a version is not read back");
        }
    },

    /** Durations as in settings; one that is read is written and read back. */
    DURATION {
        @Override
        void parse(byte[] bytes) {
            Optional<Duration> duration = DurationFormat.read(text(bytes));
            duration.ifPresent(read -> check(
                    duration.equals(DurationFormat.read(DurationFormat.write(read))), "a duration is not read back"));
        }
    },

    /** The header of a trace. */
    TRACE {
        @Override
        void parse(byte[] bytes) {
            Trace.parse(text(bytes));
        }
    },

    /** Addresses of registries. */
    ADDRESS {
        @Override
        void parse(byte[] bytes) {
            RegistryAddress.parse(text(bytes));
        }
    },

    /** Settings: YAML, with durations, rules, addresses and names in it. */
    SETTINGS {
        @Override
        void parse(byte[] bytes) {
            Settings.parse("treaty.yaml", text(bytes), Map.of());
        }
    },

    /** Files of instances. */
    INSTANCES {
        @Override
        void parse(byte[] bytes) {
            InstancesFile.parse("instances.yaml", text(bytes));
        }
    },

    /** Responses over HTTP/1.1 to Treaty's client. */
    RESPONSE {
        @Override
        void parse(byte[] bytes) {
            try {
                Responding.SERVER.call(bytes);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    },

    /** Requests to Treaty's server over HTTP/1.1, HTTP/2 and the PROXY protocol, with what proxies state of clients. */
    REQUEST {
        @Override
        void parse(byte[] bytes) {
            check(Listening.SERVER.answers(bytes), "the server does not answer as HTTP does, or keeps the connection");
        }
    },

    /** Registrations and reports of Consul's clients; an instance that is registered can be deregistered. */
    CONSUL {
        @Override
        void parse(byte[] bytes) {
            Consul.API.register(bytes);
        }
    },

    /** The journal of a registry: what is damaged is skipped, and a state that is restored can be written and read. */
    JOURNAL {
        @Override
        void parse(byte[] bytes) {
            JournalFile.restore(bytes);
        }
    },

    /** Texts that are logged: one line, printable, without secrets. */
    LOGGED {
        @Override
        void parse(byte[] bytes) {
            String line = PrintableText.line(Secrets.mask(text(bytes)));
            check(line.equals(PrintableText.line(line)), "a printable text is not printable");
        }
    };

    /** Starts the server when it is first needed. */
    private static final class Responding {
        static final RespondingServer SERVER = new RespondingServer();
    }

    /** The same for the server that is sent requests. */
    private static final class Listening {
        static final ListeningServer SERVER = new ListeningServer();
    }

    /** The same for the registry with Consul's API. */
    private static final class Consul {
        static final ConsulAgentApi API = new ConsulAgentApi();
    }

    private static final JsonCodec WATCH = new JsonCodec(
            ServiceContract.of(RegistryProtocol.class).name(),
            ServiceContract.of(RegistryProtocol.class).operations().stream()
                    .filter(operation -> operation.name().equals("watch"))
                    .findFirst()
                    .orElseThrow());

    /** Parses bytes, and checks what was read; throws what the parser documents. */
    abstract void parse(byte[] bytes);

    /** Parses bytes, which may be refused. */
    final void accept(byte[] bytes) {
        try {
            parse(bytes);
        } catch (IllegalArgumentException | MessageException | ServiceException e) {
            check(e.getMessage() != null, "a refusal has no message");
        }
    }

    private static String text(byte[] bytes) {
        return new String(bytes, UTF_8);
    }

    private static void check(boolean holds, String problem) {
        if (!holds) {
            throw new AssertionError(problem);
        }
    }

    /** Returns the name of the directory of its inputs. */
    String directory() {
        return name().toLowerCase(Locale.ROOT);
    }
}
