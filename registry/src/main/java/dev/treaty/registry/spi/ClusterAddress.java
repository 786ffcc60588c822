package dev.treaty.registry.spi;

import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.text.Secrets;
import dev.treaty.registry.RegistryAddress;
import java.net.URI;
import java.util.List;
import java.util.stream.Stream;

/**
 * The address of a store with several members: {@code etcd://host:2379,host:2379/path?user=…}.
 *
 * @param members the known members; clients may connect to any of them
 * @param path where the store keeps the registry; begins with a slash and does not end with one
 * @param access the credentials and certificates
 */
public record ClusterAddress(List<ServiceEndpoint> members, String path, RegistryAccess access) {
    private static final String PATH = "/treaty";

    /**
     * Parses an address.
     *
     * @param port the port of members without one
     * @throws IllegalArgumentException if the address or an option is invalid
     */
    public static ClusterAddress parse(RegistryAddress.Provided address, int port) {
        var access = RegistryAccess.of(address);
        String text = address.hierarchy();
        int slash = text.indexOf('/');
        try {
            return new ClusterAddress(
                    Stream.of((slash < 0 ? text : text.substring(0, slash)).split(",", -1))
                            .map(member -> endpoint(access.ca().isPresent() ? "https" : "http", member, port))
                            .toList(),
                    slash < 0 ? PATH : text.substring(slash),
                    access);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "\"" + Secrets.mask(address.toString()) + "\" is not a valid address: write " + address.scheme()
                            + "://host:" + port
                            + ", with commas between several members, and with the path to use if it is not " + PATH,
                    e);
        }
    }

    private static ServiceEndpoint endpoint(String protocol, String member, int port) {
        var uri = URI.create(protocol + "://" + member);
        if (uri.getHost() == null || !uri.getAuthority().equals(member) || uri.getUserInfo() != null) {
            throw new IllegalArgumentException("\"" + Secrets.mask(member) + "\" is not a host with a port");
        }
        String host = uri.getHost().replaceAll("[\\[\\]]", "");
        return new ServiceEndpoint(protocol, host, uri.getPort() < 0 ? port : uri.getPort());
    }
}
