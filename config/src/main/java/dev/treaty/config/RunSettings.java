package dev.treaty.config;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import java.net.URI;
import java.util.List;

/** Something that {@code treaty up} runs, or makes known where it runs already. */
public sealed interface RunSettings {
    /**
     * A service to start, in processes of its own.
     *
     * @param contract the class name of its contract
     * @param implementation the class name of what keeps the contract
     * @param classPath where the classes are: jars and folders
     * @param instances how many to start
     * @param jvm arguments for the virtual machine
     * @param port where the first instance listens, each further one at the next port; 0 for any free ones
     */
    record Hosted(
            String contract, String implementation, List<String> classPath, int instances, List<String> jvm, int port)
            implements RunSettings {
        /** The most instances that one entry may start. */
        public static final int INSTANCES_MAX = 64;

        /** @throws IllegalArgumentException where a value is out of range */
        public Hosted {
            Ranges.filled("contract", contract);
            Ranges.filled("implementation", implementation);
            Ranges.within("instances", instances, 1, INSTANCES_MAX);
            Ranges.within("port", port, 0, 65_535);
            if (port > 0) {
                Ranges.within("the last instance's port", port + instances - 1L, 1, 65_535);
            }
            classPath = List.copyOf(classPath);
            jvm = List.copyOf(jvm);
        }
    }

    /**
     * A service that somebody else runs, to be registered as it is.
     *
     * @param name what callers call it
     * @param address where it answers, such as {@code http://127.0.0.1:8080}
     * @param health the path that answers with success while it is well
     * @param version the version of its contract
     */
    record Existing(ServiceName name, URI address, String health, Version version) implements RunSettings {
        /** @throws IllegalArgumentException where the address is not one of HTTP, or the path does not begin with / */
        public Existing {
            boolean http = "http".equals(address.getScheme()) || "https".equals(address.getScheme());
            if (!http || address.getHost() == null) {
                throw new IllegalArgumentException(
                        "address is " + address + ": write for example http://127.0.0.1:8080");
            }
            if (!health.startsWith("/")) {
                throw new IllegalArgumentException("health is " + Words.quote(health) + ": begin the path with /");
            }
        }
    }
}
