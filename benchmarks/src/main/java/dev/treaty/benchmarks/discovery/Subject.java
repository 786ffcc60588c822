package dev.treaty.benchmarks.discovery;

import dev.treaty.registry.RegistryAddress;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;

/** A registry that is measured, with its own way to register and to watch. */
interface Subject {
    /** The service that all register and watch. */
    String SERVICE = "bench.Echo";

    /** How it is called in reports. */
    String name();

    /** What it is, and with which settings, in one sentence. */
    String about();

    /** Whether its clients ask at intervals rather than be told, so that to see an instance takes them long. */
    default boolean polls() {
        return false;
    }

    /** It is not installed here; the message says what to do. */
    final class Missing extends IOException {
        private static final long serialVersionUID = 1;

        Missing(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /**
     * Starts it, with nothing in it.
     *
     * @throws Missing where it is not installed here
     * @throws IOException where it cannot be started
     */
    Running start() throws IOException, InterruptedException;

    /** A subject that runs. */
    interface Running extends AutoCloseable {
        /** Another client, with a connection of its own. */
        Client client() throws IOException;

        /** The address for clients of Treaty; empty if they cannot use it. */
        Optional<RegistryAddress> address();

        /** How much memory the registry takes now, in bytes; nothing where that cannot be told. */
        OptionalLong memoryBytes() throws IOException;

        @Override
        void close() throws IOException;
    }

    /** A client of it. */
    interface Client extends AutoCloseable {
        /** Registers an instance of {@link #SERVICE}, until it is closed. */
        AutoCloseable register(String id) throws IOException;

        /**
         * Follows {@link #SERVICE}.
         *
         * @param added told the id of each instance that is there or comes
         */
        void watch(Consumer<String> added) throws IOException;

        @Override
        void close() throws IOException;
    }
}
