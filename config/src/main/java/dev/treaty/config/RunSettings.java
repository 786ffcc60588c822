package dev.treaty.config;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.health.HealthPolicy;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

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
            SettingChecks.filled("contract", contract);
            SettingChecks.filled("implementation", implementation);
            SettingChecks.within("instances", instances, 1, INSTANCES_MAX);
            SettingChecks.within("port", port, 0, 65_535);
            if (port > 0) {
                SettingChecks.within("the last instance's port", port + instances - 1L, 1, 65_535);
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
     * @param health how it is asked how it feels: a path that answers with success while it is well, {@code tcp},
     *     {@code grpc}, {@code grpc/SERVICE} or {@code treaty}
     * @param version the version of its contract
     * @param check how often it is asked, and what it takes to be believed
     */
    record Existing(ServiceName name, URI address, String health, Version version, HealthPolicy check)
            implements RunSettings {
        private static final Map<String, Integer> SCHEMES = Map.of("http", 80, "https", 443, "grpc", 80, "grpcs", 443);
        private static final Pattern HEALTH = Pattern.compile("(?s)/.*|tcp|grpc(/[^/]+)?|treaty");

        /** @throws IllegalArgumentException where the address or the way to ask for health is none */
        public Existing {
            String scheme = String.valueOf(address.getScheme());
            boolean known = SCHEMES.containsKey(scheme) || (scheme.equals("tcp") && address.getPort() > 0);
            if (!known || address.getHost() == null) {
                throw new IllegalArgumentException("address is " + address
                        + ": write for example http://127.0.0.1:8080; https, grpc, grpcs and tcp are known too");
            }
            if (!HEALTH.matcher(health).matches()) {
                throw new IllegalArgumentException("health is " + KeyNames.quote(health)
                        + ": write a path that begins with /, tcp, grpc, grpc/SERVICE or treaty");
            }
        }

        /** Where it answers, with the usual port where none is written. */
        public ServiceEndpoint endpoint() {
            int port = address.getPort() > 0 ? address.getPort() : SCHEMES.getOrDefault(address.getScheme(), 80);
            String host = address.getHost();
            boolean brackets = host.startsWith("[");
            return new ServiceEndpoint(
                    address.getScheme(), brackets ? host.substring(1, host.length() - 1) : host, port);
        }
    }
}
