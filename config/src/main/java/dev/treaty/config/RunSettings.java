package dev.treaty.config;

import dev.treaty.core.contract.Description;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.health.HealthPolicy;
import dev.treaty.core.text.Accepted;
import dev.treaty.core.text.PrintableText;
import dev.treaty.core.text.Range;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** A service that {@code treaty up} starts, or registers if it runs already. */
public sealed interface RunSettings {
    /**
     * A service to start, in processes of its own.
     *
     * @param contract the class name of the contract
     * @param implementation the class name of the implementation
     * @param classPath jars and folders with the classes
     * @param instances the number of processes
     * @param jvm arguments of the virtual machine
     * @param port the port of the first instance; the others use the ports after it; 0 for any free ports
     */
    record Hosted(
            @Description("The class name of the contract of a service to start.")
            @Accepted(pattern = "\\s*\\S[\\s\\S]*", value = "a class name")
            String contract,

            @Description("The class name of its implementation.")
            @Accepted(pattern = "\\s*\\S[\\s\\S]*", value = "a class name")
            String implementation,

            @Description("Jars and folders with the classes.") @Accepted("a list of paths")
            List<String> classPath,

            @Description("The number of processes.") @Accepted(min = "1", max = "64")
            int instances,

            @Description("Arguments of the virtual machine.") @Accepted("a list of arguments")
            List<String> jvm,

            @Description("The port of the first instance; the others use the ports after it; 0 for any free ones.")
            @Accepted(min = "0", max = "65535")
            int port)
            implements RunSettings {
        /** The most instances of one entry. */
        public static final int INSTANCES_MAX = 64;

        /** @throws IllegalArgumentException if a value is out of range */
        public Hosted {
            SettingChecks.notBlank("contract", contract);
            SettingChecks.notBlank("implementation", implementation);
            Range.check("instances", instances, 1, INSTANCES_MAX);
            Range.check("port", port, 0, 65_535);
            if (port > 0) {
                Range.check("the last instance's port", port + instances - 1, 1, 65_535);
            }
            classPath = List.copyOf(classPath);
            jvm = List.copyOf(jvm);
        }

        /** Returns the same service with another number of processes. */
        public Hosted withInstances(int number) {
            return new Hosted(contract, implementation, classPath, number, jvm, port);
        }
    }

    /**
     * A service that runs already, to be registered as it is.
     *
     * @param name the name of the service
     * @param address its address, such as {@code http://127.0.0.1:8080}
     * @param health how its health is checked: a path that responds with success while it is healthy, {@code tcp},
     *     {@code grpc}, {@code grpc/SERVICE} or {@code treaty}
     * @param version the version of its contract
     * @param check the interval and the thresholds of health checks
     */
    record Existing(
            @Description("The name of a service that runs elsewhere, to be registered and checked.")
            ServiceName name,

            @Description("Its address.")
            @Accepted(
                    pattern = "(https?|grpcs?|tcp)://[\\s\\S]+",
                    value = "such as `http://127.0.0.1:8080`; also `https`, `grpc`, `grpcs` or, with a port, `tcp`")
            URI address,

            @Description(
                    "How its health is checked; `tcp` and `grpc` are the defaults of addresses with these schemes.")
            @Accepted(
                    pattern = "/[\\s\\S]*|tcp|grpc(/[^/]+)?|treaty",
                    value = "a path, `tcp`, `grpc`, `grpc/SERVICE` or `treaty`")
            String health,

            @Description("The version of its contract.") Version version,

            @Description("The interval and the thresholds of health checks.")
            HealthPolicy check)
            implements RunSettings {
        private static final Map<String, Integer> SCHEMES = Map.of("http", 80, "https", 443, "grpc", 80, "grpcs", 443);
        private static final Pattern HEALTH = Pattern.compile("(?s)/.*|tcp|grpc(/[^/]+)?|treaty");

        /** @throws IllegalArgumentException if the address or the health check is invalid */
        public Existing {
            String scheme = String.valueOf(address.getScheme());
            boolean known = SCHEMES.containsKey(scheme) || (scheme.equals("tcp") && address.getPort() > 0);
            if (!known || address.getHost() == null) {
                throw new IllegalArgumentException("address is " + address
                        + ": write for example http://127.0.0.1:8080; https, grpc, grpcs and tcp are known too");
            }
            if (!HEALTH.matcher(health).matches()) {
                throw new IllegalArgumentException("health is " + PrintableText.quote(health)
                        + ": write a path that begins with /, tcp, grpc, grpc/SERVICE or treaty");
            }
        }

        /** Returns the endpoint, with the default port of the scheme if the address has none. */
        public ServiceEndpoint endpoint() {
            int port = address.getPort() > 0 ? address.getPort() : SCHEMES.getOrDefault(address.getScheme(), 80);
            return new ServiceEndpoint(address.getScheme(), address.getHost().replaceAll("[\\[\\]]", ""), port);
        }
    }
}
