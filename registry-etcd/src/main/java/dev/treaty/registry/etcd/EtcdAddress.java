package dev.treaty.registry.etcd;

import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.registry.RegistryAddress;
import dev.treaty.registry.spi.RegistryAccess;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.List;

/**
 * Where etcd is.
 *
 * @param endpoints the members known; any of them will do
 * @param prefix what every key begins with; begins with a slash and ends with none
 * @param access with what it lets us in
 */
record EtcdAddress(List<ServiceEndpoint> endpoints, String prefix, RegistryAccess access) {
    private static final int PORT = 2379;
    private static final String PREFIX = "/treaty";

    EtcdAddress {
        endpoints = List.copyOf(endpoints);
    }

    static EtcdAddress parse(RegistryAddress.Provided address) {
        String text = address.hierarchy();
        int slash = text.indexOf('/');
        String prefix = slash < 0 ? PREFIX : text.substring(slash);
        var access = RegistryAccess.of(address);
        String protocol = access.ca().isPresent() ? "https" : "http";
        var endpoints = new ArrayList<ServiceEndpoint>();
        for (String member : (slash < 0 ? text : text.substring(0, slash)).split(",", -1)) {
            endpoints.add(endpoint(address, protocol, member));
        }
        return new EtcdAddress(endpoints, prefix, access);
    }

    private static ServiceEndpoint endpoint(RegistryAddress.Provided address, String protocol, String member) {
        try {
            var uri = new URI("etcd://" + member).parseServerAuthority();
            boolean plain = uri.getHost() != null
                    && uri.getUserInfo() == null
                    && uri.getPath().isEmpty();
            if (plain) {
                String host = uri.getHost().replaceAll("[\\[\\]]", "");
                return new ServiceEndpoint(protocol, host, uri.getPort() < 0 ? PORT : uri.getPort());
            }
        } catch (URISyntaxException | IllegalArgumentException e) {
            // said below
        }
        throw new IllegalArgumentException("\"" + address + "\" names no etcd: write etcd://host:" + PORT
                + ", several members with commas between them, and behind a slash the prefix of the keys if it is not "
                + PREFIX);
    }
}
