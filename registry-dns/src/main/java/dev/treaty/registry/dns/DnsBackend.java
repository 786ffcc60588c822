package dev.treaty.registry.dns;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.registry.RegistryProtocol;
import dev.treaty.registry.spi.Backend;
import dev.treaty.registry.spi.FollowerThread;
import dev.treaty.registry.spi.RegistryProvider.RegistryContext;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.ExtendedResolver;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Resolver;
import org.xbill.DNS.SRVRecord;
import org.xbill.DNS.Section;
import org.xbill.DNS.SimpleResolver;
import org.xbill.DNS.Type;

/** Discovers instances by names in DNS, as the package documentation describes. */
final class DnsBackend implements Backend {
    /** The most instances of one name; further ones are ignored. */
    private static final int INSTANCES_MAX = 1_000;

    /** The shortest and the longest time between two lookups, whatever the time to live. */
    private static final Duration PAUSE_MIN = Duration.ofSeconds(1);

    private static final Duration PAUSE_MAX = Duration.ofMinutes(5);

    /** The longest pause after failures. */
    private static final Duration FAILURE_PAUSE_MAX = Duration.ofSeconds(30);

    private static final RegistryProtocol.Health UNKNOWN =
            RegistryProtocol.Health.of(ServiceHealth.of(ServiceHealth.Status.UNKNOWN, Instant.EPOCH));

    private final DnsAddress address;
    private final RegistryContext context;
    private final Resolver system = new ExtendedResolver();
    private final Set<String> found = new ConcurrentSkipListSet<>();

    DnsBackend(DnsAddress address, RegistryContext context) {
        this.address = address;
        this.context = context;
    }

    @Override
    public String instead() {
        return "add a record for " + address.pattern();
    }

    @Override
    public Set<String> services() {
        return Set.copyOf(found);
    }

    @Override
    public Map<String, String> instances(ServiceName service) throws InterruptedException {
        return new Lookup(service).instances;
    }

    /** The instances of a service in DNS, and how long they are valid. */
    private final class Lookup {
        final Map<String, String> instances = new LinkedHashMap<>();
        private final ServiceName service;
        private boolean usable;
        private long ttlSeconds = PAUSE_MAX.toSeconds();

        Lookup(ServiceName service) throws InterruptedException {
            this.service = service;
            Name name;
            try {
                name = address.name(service);
            } catch (IllegalArgumentException e) {
                throw new ServiceException(Code.INVALID_ARGUMENT, service + " cannot be in DNS: " + e.getMessage());
            }
            List<SRVRecord> targets = query(name, Type.SRV, SRVRecord.class);
            if (targets.isEmpty() && address.port() == 0) {
                throw unavailable(name + " has no SRV records in DNS, and registry: dns://" + address.pattern()
                        + " has no port for its addresses");
            }
            if (targets.isEmpty()) {
                add(name, address.port(), ServiceInstance.WEIGHT_DEFAULT);
            }
            int priority = targets.stream()
                    .mapToInt(SRVRecord::getPriority)
                    .min()
                    .orElse(0); // clients use the lowest one first (RFC 2782)
            for (SRVRecord target : targets) {
                if (target.getPriority() == priority) {
                    int weight = target.getWeight() == 0 ? ServiceInstance.WEIGHT_DEFAULT : target.getWeight();
                    add(target.getTarget(), target.getPort(), Math.min(weight, ServiceInstance.WEIGHT_MAX));
                }
            }
            if (!usable) {
                throw unavailable("DNS has no address of " + name + " that clients can call");
            }
            found.add(service.value());
        }

        /** Adds an instance for each address of a host. */
        private void add(Name host, int port, int weight) throws InterruptedException {
            var addresses = new ArrayList<InetAddress>();
            query(host, Type.A, ARecord.class).forEach(record -> addresses.add(record.getAddress()));
            query(host, Type.AAAA, AAAARecord.class).forEach(record -> addresses.add(record.getAddress()));
            for (InetAddress each : addresses) {
                if (instances.size() < INSTANCES_MAX) {
                    add(each, port, weight);
                }
            }
        }

        /** Adds an instance, whose reader reports an address that no client can call. */
        private void add(InetAddress address, int port, int weight) {
            String host = address.getHostAddress().replaceFirst("%.*", "");
            String id = (address instanceof Inet6Address ? "[" + host + "]" : host) + ":" + port;
            var instance = new RegistryProtocol.Instance(
                    id,
                    service.value(),
                    "0.0.0",
                    "http",
                    host,
                    port,
                    Optional.of(UNKNOWN),
                    "",
                    "",
                    weight,
                    "",
                    Optional.empty(),
                    Optional.of(Instant.EPOCH));
            instances.put(id, context.format().write(instance));
            try {
                usable |= instance.read(Instant.EPOCH).id().equals(id);
            } catch (IllegalArgumentException e) {
                // others may be usable
            }
        }

        private <R extends Record> List<R> query(Name name, int type, Class<R> recordType) throws InterruptedException {
            Message response;
            try {
                response = send(Message.newQuery(Record.newRecord(name, type, DClass.IN)));
            } catch (UnknownHostException e) {
                throw unavailable("the DNS server is unknown: " + e.getMessage());
            } catch (IOException e) {
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
                throw unavailable("DNS did not respond for " + name + ": " + e.getMessage());
            }
            int code = response.getRcode();
            if (code != Rcode.NOERROR && code != Rcode.NXDOMAIN) {
                throw unavailable("DNS returned an error for " + name + ": " + Rcode.string(code));
            }
            List<Record> answers = response.getSection(Section.ANSWER);
            answers.forEach(record -> ttlSeconds = Math.min(ttlSeconds, record.getTTL())); // aliases included
            return answers.stream()
                    .filter(recordType::isInstance)
                    .map(recordType::cast)
                    .toList();
        }

        /** Returns the time until the next lookup, with jitter, so that clients do not query at the same time. */
        long pauseNanos() {
            long nanos = Math.max(Duration.ofSeconds(ttlSeconds).toNanos(), PAUSE_MIN.toNanos());
            return nanos - context.random().nextLong(nanos / 5 + 1);
        }
    }

    private static ServiceException unavailable(String message) {
        return new ServiceException(Code.UNAVAILABLE, message);
    }

    /**
     * Sends a query over TCP, because servers such as Consul's leave out what does not fit into a datagram; and over
     * UDP to servers that do not answer there.
     */
    private Message send(Message query) throws IOException {
        try {
            return resolver(true).send(query);
        } catch (IOException e) {
            if (Thread.currentThread().isInterrupted()) {
                throw e;
            }
            return resolver(false).send(query);
        }
    }

    /** Returns a resolver for the current address of the DNS server. */
    private Resolver resolver(boolean tcp) throws UnknownHostException {
        Resolver resolver = system;
        if (address.server().isPresent()) {
            InetSocketAddress server = address.server().get();
            resolver = new SimpleResolver(
                    new InetSocketAddress(InetAddress.getByName(server.getHostString()), server.getPort()));
        }
        resolver.setTimeout(Duration.ofMillis(PATIENCE_MILLIS));
        resolver.setTCP(tcp);
        return resolver;
    }

    @Override
    public Following follow(ServiceName service, Follower follower) {
        return new FollowerThread("treaty-dns-" + service, context, follower, PAUSE_MIN, FAILURE_PAUSE_MAX) {
            @Override
            protected long step() throws InterruptedException {
                var lookup = new Lookup(service);
                follower.complete(lookup.instances);
                return lookup.pauseNanos();
            }
        }.started();
    }

    @Override
    public void close() {
        // nothing remains open after the last follower is closed
    }
}
