package dev.treaty.registry.dns;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.time.Time;
import dev.treaty.registry.RegistryProtocol;
import dev.treaty.registry.spi.InstanceFormat;
import dev.treaty.registry.spi.ReadOnlyBackend;
import dev.treaty.registry.spi.RegistryProvider.RegistryContext;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.random.RandomGenerator;
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

/** Finds instances by names in DNS; see the package for how. */
final class DnsBackend implements ReadOnlyBackend {
    /** The most instances of one name; what is beyond is left out. */
    private static final int INSTANCES_MAX = 1_000;

    /** Answers are not asked for again sooner than that, nor later, whatever their time to live. */
    private static final Duration PAUSE_MIN = Duration.ofSeconds(1);

    private static final Duration PAUSE_MAX = Duration.ofMinutes(5);

    private final DnsAddress address;
    private final InstanceFormat format;
    private final Time time;
    private final RandomGenerator random;
    private final Resolver system = new ExtendedResolver();
    private final Set<ServiceName> found = new ConcurrentSkipListSet<>();

    /** What a name leads to, and for how long. */
    private record Answer(Map<String, String> instances, long ttlNanos) {}

    DnsBackend(DnsAddress address, RegistryContext surroundings) {
        this.address = address;
        this.format = surroundings.format();
        this.time = surroundings.time();
        this.random = surroundings.random();
    }

    @Override
    public String instead() {
        return "add a record where " + address.pattern() + " is kept";
    }

    @Override
    public Set<ServiceName> services() {
        return Set.copyOf(found);
    }

    @Override
    public List<String> instances(ServiceName service) throws InterruptedException {
        return List.copyOf(lookUp(service).instances.values());
    }

    private Answer lookUp(ServiceName service) throws InterruptedException {
        Name name;
        try {
            name = address.name(service);
        } catch (IllegalArgumentException e) {
            throw new ServiceException(Code.INVALID_ARGUMENT, service + " cannot be in DNS: " + e.getMessage());
        }
        var instances = new LinkedHashMap<String, String>();
        var ttl = new long[] {PAUSE_MAX.toSeconds()};
        List<SRVRecord> targets = most(ask(name, Type.SRV, SRVRecord.class, ttl));
        if (targets.isEmpty()) {
            if (address.port() == 0) {
                throw new ServiceException(
                        Code.UNAVAILABLE,
                        name + " has no SRV records in DNS, and registry: dns://" + address.pattern()
                                + " names no port for its addresses");
            }
            for (InetAddress each : addresses(name, ttl)) {
                add(instances, service, each.getHostAddress(), address.port(), ServiceInstance.WEIGHT_DEFAULT);
            }
        }
        for (SRVRecord target : targets) {
            int weight = target.getWeight() == 0
                    ? ServiceInstance.WEIGHT_DEFAULT
                    : Math.min(target.getWeight(), ServiceInstance.WEIGHT_MAX);
            for (InetAddress each : addresses(target.getTarget(), ttl)) {
                add(instances, service, each.getHostAddress(), target.getPort(), weight);
            }
        }
        if (instances.isEmpty()) {
            throw new ServiceException(Code.UNAVAILABLE, "DNS knows no address of " + name);
        }
        found.add(service);
        return new Answer(instances, Duration.ofSeconds(ttl[0]).toNanos());
    }

    /** Those that are to be tried before all others (RFC 2782): of the smallest priority. */
    private static List<SRVRecord> most(List<SRVRecord> records) {
        int first = records.stream().mapToInt(SRVRecord::getPriority).min().orElse(0);
        return records.stream().filter(record -> record.getPriority() == first).toList();
    }

    private List<InetAddress> addresses(Name name, long[] ttl) throws InterruptedException {
        var all = new ArrayList<InetAddress>();
        ask(name, Type.A, ARecord.class, ttl).forEach(record -> all.add(record.getAddress()));
        ask(name, Type.AAAA, AAAARecord.class, ttl).forEach(record -> all.add(record.getAddress()));
        return all;
    }

    private void add(Map<String, String> instances, ServiceName service, String host, int port, int weight) {
        if (instances.size() >= INSTANCES_MAX || port == 0) {
            return;
        }
        String plain = host.indexOf('%') < 0 ? host : host.substring(0, host.indexOf('%'));
        var endpoint = new ServiceEndpoint("http", plain, port);
        var instance = ServiceInstance.of(endpoint.authority(), service, new Version(0, 0, 0), endpoint, Instant.EPOCH)
                .withWeight(weight);
        instances.put(instance.id(), format.write(RegistryProtocol.Instance.of(instance)));
    }

    private <R extends Record> List<R> ask(Name name, int type, Class<R> kind, long[] ttl) throws InterruptedException {
        Message answer;
        try {
            answer = resolver().send(Message.newQuery(Record.newRecord(name, type, DClass.IN)));
        } catch (UnknownHostException e) {
            throw new ServiceException(Code.UNAVAILABLE, "the DNS server is not known: " + e.getMessage());
        } catch (IOException e) {
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            throw new ServiceException(Code.UNAVAILABLE, "DNS gave no answer about " + name + ": " + e.getMessage());
        }
        int code = answer.getRcode();
        if (code != Rcode.NOERROR && code != Rcode.NXDOMAIN) {
            throw new ServiceException(
                    Code.UNAVAILABLE, "DNS cannot say anything about " + name + ": " + Rcode.string(code));
        }
        var records = new ArrayList<R>();
        for (Record record : answer.getSection(Section.ANSWER)) {
            ttl[0] = Math.min(ttl[0], record.getTTL()); // of aliases on the way too
            if (kind.isInstance(record)) {
                records.add(kind.cast(record));
            }
        }
        return records;
    }

    /** Of the server that has the name now. */
    private Resolver resolver() throws UnknownHostException {
        Resolver resolver = system;
        if (address.server().isPresent()) {
            InetSocketAddress server = address.server().get();
            resolver = new SimpleResolver(
                    new InetSocketAddress(InetAddress.getByName(server.getHostString()), server.getPort()));
        }
        resolver.setTimeout(Duration.ofMillis(PATIENCE_MILLIS));
        return resolver;
    }

    @Override
    public Following follow(ServiceName service, Follower follower) {
        Thread thread = Thread.ofVirtual().name("treaty-dns-" + service).start(() -> run(service, follower));
        return thread::interrupt;
    }

    private void run(ServiceName service, Follower follower) {
        int failures = 0;
        try {
            while (!Thread.currentThread().isInterrupted()) {
                long pause;
                try {
                    Answer answer = lookUp(service);
                    follower.complete(answer.instances);
                    failures = 0;
                    pause = Math.clamp(answer.ttlNanos, PAUSE_MIN.toNanos(), PAUSE_MAX.toNanos());
                } catch (RuntimeException e) { // of whatever kind: it must not end this thread
                    follower.failed(
                            e instanceof ServiceException said ? said.fault().message() : "DNS: " + e);
                    pause = Math.min(Duration.ofSeconds(30).toNanos(), PAUSE_MIN.toNanos() << Math.min(failures++, 5));
                }
                time.sleep(pause - random.nextLong(pause / 5 + 1)); // not all at once
            }
        } catch (InterruptedException e) {
            // closed
        }
    }

    @Override
    public void close() {
        // every lookup has ended when its following was closed
    }
}
