package dev.treaty.registry;

import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.DefaultValue;
import dev.treaty.core.contract.Description;
import dev.treaty.core.contract.Idempotent;
import dev.treaty.core.contract.Immutable;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.DiscoveryEvent;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.registry.server.RegistryService;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a networked registry offers: a Treaty service like any other, plain enough to be used with {@code curl}.
 * {@link RegistryService} implements it and {@link NetworkRegistry} is its client.
 */
@Contract(name = RegistryProtocol.NAME, version = "1.1.0")
@Description("Where instances register under a lease, contracts are published, and clients watch both.")
public interface RegistryProtocol {
    /** The name of this service. */
    String NAME = "treaty.Registry";

    /** Registers an instance under a lease; with the same token again, it replaces what was registered. */
    @Idempotent
    @Description("Registers an instance until its lease ends. Repeating it with the same token replaces and renews.")
    Granted register(
            Instance instance,
            @Description("Made up by the registrant, 8 to 256 characters; every later change needs it.") String token,
            @Description("How long the lease should be; the answer says how long it is.") @DefaultValue("10000")
                    long leaseMillis)
            throws InterruptedException;

    /** Lets leases begin anew. */
    @Idempotent
    @Description("Lets leases begin anew. The answer names those that are not known: register them again.")
    Renewed renew(List<Lease> leases) throws InterruptedException;

    /** Notes how an instance feels. */
    @Idempotent
    @Description("Notes how an instance feels; not_found where it has to be registered again.")
    void report(String id, String token, Health health) throws InterruptedException;

    /** Takes an instance out. */
    @Idempotent
    @Description("Takes an instance out; one that is not there is no error.")
    void deregister(String id, String token) throws InterruptedException;

    /** Stores a contract. */
    @Idempotent
    @Description("Stores a contract, given as contract text; failed_precondition where it breaks clients of another"
            + " version with the same major number.")
    void publish(
            String contract,
            @Description("Whether to take it although it breaks clients.") @DefaultValue("false") boolean force)
            throws InterruptedException;

    /** The text of the newest contract of that name. */
    @Idempotent
    @Description("The text of the newest contract published under that name.")
    Optional<String> contract(String service) throws InterruptedException;

    /** The texts of all contracts of that name that are remembered. */
    @Idempotent
    @Description("The texts of all contracts of that name that are remembered, the highest version first.")
    List<String> contracts(
            String service, @Description("Only the one of this fingerprint.") @DefaultValue("") String fingerprint)
            throws InterruptedException;

    /** The services that have instances or a contract. */
    @Idempotent
    @Description("The names of all services that have instances or a contract.")
    List<String> services() throws InterruptedException;

    /** The instances of a service now, a page of them. */
    @Idempotent
    @Description("The instances of a service now, in the order of their ids, from behind one of them.")
    List<Instance> instances(
            String service,
            @Description("The id after which to begin; empty for the first page.") @DefaultValue("") String after,
            @Description("The most instances to answer with.") @DefaultValue("1000") int max)
            throws InterruptedException;

    /** Waits until the clients have heard how an instance is now. */
    @Idempotent
    @Description("Waits until every client that follows the service has heard how the instance is now.")
    Heard heard(String id, String token, @DefaultValue("0") long waitMillis) throws InterruptedException;

    /** Has an instance drain, whatever it reports, or no longer. */
    @Idempotent
    @Description("For operators: has an instance drain, whatever it reports, or no longer.")
    Heard drain(
            String id,
            @Description("False to take it back.") @DefaultValue("true") boolean drained,
            @Description("How long to wait until the clients have heard.") @DefaultValue("0") long waitMillis)
            throws InterruptedException;

    /** How the registry is doing. */
    @Idempotent
    @Description("How the registry is doing: what it holds, and what it keeps although the lease has ended.")
    Overview overview() throws InterruptedException;

    /** What is new in some services; waits where nothing is. */
    @Idempotent
    @Description("What is new in some services since a revision, at once, or as soon as something changes.")
    News watch(
            @Description("The revision seen of each service; 0 for nothing. No service: to follow nothing any more.")
                    Map<String, Long> since,
            @Description("The epoch that the revisions are of, as the last answer had it.") @DefaultValue("")
                    String epoch,
            @Description("How long to wait for a change.") @DefaultValue("25000") long waitMillis,
            @Description("Made up by the client; a watch ends the one before it of the same watcher.") @DefaultValue("")
                    String watcher)
            throws InterruptedException;

    /** The rest of a set that did not fit into one answer. */
    @Idempotent
    @Description("The next instances of a set that did not fit into the answer of a watch.")
    Page page(@Description("As the page before has it.") String next) throws InterruptedException;

    /**
     * A registered instance on the wire.
     *
     * @param health unknown where it is absent
     * @param startedAt now where it is absent
     */
    record Instance(
            String id,
            String service,
            String version,
            @DefaultValue("http") String protocol,
            String host,
            int port,
            Optional<Health> health,
            @DefaultValue("") String region,
            @DefaultValue("") String zone,
            @DefaultValue("100") int weight,
            @DefaultValue("") String contract,
            Optional<Map<String, String>> metadata,
            Optional<Instant> startedAt) {

        /** That instance for the wire. */
        public static Instance of(ServiceInstance instance) {
            return new Instance(
                    instance.id(),
                    instance.service().value(),
                    instance.version().toString(),
                    instance.endpoint().protocol(),
                    instance.endpoint().host(),
                    instance.endpoint().port(),
                    Optional.of(Health.of(instance.health())),
                    instance.region(),
                    instance.zone(),
                    instance.weight(),
                    instance.contract(),
                    Optional.of(instance.metadata()),
                    Optional.of(instance.startedAt()));
        }

        /**
         * The instance that this describes.
         *
         * @throws IllegalArgumentException where a part of it is not legal
         */
        public ServiceInstance read(Instant now) {
            return new ServiceInstance(
                    id,
                    new ServiceName(service),
                    Version.parse(version),
                    new ServiceEndpoint(protocol, host, port),
                    health.map(h -> h.read(now)).orElseGet(() -> ServiceHealth.of(ServiceHealth.Status.UNKNOWN, now)),
                    region,
                    zone,
                    weight,
                    contract,
                    metadata.orElse(Map.of()),
                    startedAt.orElse(now));
        }
    }

    /**
     * How an instance feels, on the wire.
     *
     * @param timestamp now where it is absent
     */
    record Health(
            ServiceHealth.Status status,
            @DefaultValue("") String message,
            Optional<Instant> timestamp,
            Optional<Map<String, String>> details) {

        /** That health for the wire. */
        public static Health of(ServiceHealth health) {
            return new Health(
                    health.status(), health.message(), Optional.of(health.timestamp()), Optional.of(health.details()));
        }

        /**
         * The health that this describes.
         *
         * @throws IllegalArgumentException where there are too many details
         */
        public ServiceHealth read(Instant now) {
            return new ServiceHealth(status, message, timestamp.orElse(now), details.orElse(Map.of()));
        }
    }

    /** An instance and the token it was registered with. */
    record Lease(String id, String token) {}

    /**
     * The answer to a registration.
     *
     * @param epoch tells this start of the registry from every other
     * @param leaseMillis how long the lease is, counted from now
     */
    record Granted(String epoch, long leaseMillis) {}

    /**
     * The answer to a renewal.
     *
     * @param unknown the ids that are not registered with that token
     */
    record Renewed(String epoch, List<String> unknown) {}

    /**
     * What is new.
     *
     * @param epoch tells this start of the registry from every other; revisions of another epoch mean nothing
     * @param revision what to ask from next time, for every service asked for but those in {@code later}
     * @param complete the whole sets of those services whose changes are not at hand
     * @param changes the changes of the others, in order
     * @param later the services that did not fit into this answer: ask for them again from where they were
     * @param unclear the services about which nothing can be said now, and why: ask for them again too
     */
    @Immutable
    record News(
            String epoch,
            long revision,
            List<Complete> complete,
            List<Change> changes,
            Optional<List<String>> later,
            Optional<Map<String, String>> unclear) {}

    /**
     * All instances of a service.
     *
     * @param next where not all fit: what to ask {@link #page} for the rest with; empty otherwise
     */
    record Complete(
            String service,
            List<Instance> instances,
            @DefaultValue("") String next) {}

    /**
     * More instances of a set.
     *
     * @param next what to ask for the rest with; empty where this was the last page
     */
    record Page(List<Instance> instances, String next) {}

    /**
     * Whether the clients have heard.
     *
     * @param missing how many that follow the service have not
     */
    record Heard(int missing) {}

    /**
     * How a registry is doing.
     *
     * @param epoch tells this start of the registry from every other
     * @param revision how many changes it has seen since
     * @param services how many services have instances
     * @param instances how many instances there are
     * @param contracts how many contracts are known
     * @param watches how many watches are waiting
     * @param stale how many instances are kept although their leases have ended, since too many ended at once
     * @param expired how many instances were taken out lately because their leases had ended or they stayed critical
     * @param critical how many instances are registered and not listed, since they stayed critical
     */
    record Overview(
            String epoch,
            long revision,
            int services,
            int instances,
            int contracts,
            int watches,
            int stale,
            int expired,
            @DefaultValue("0") int critical) {}

    /**
     * One change.
     *
     * @param instance as it is now, or as it was last
     * @param reason why it was removed; empty otherwise
     */
    record Change(Kind kind, Instance instance, String reason, Instant timestamp) {
        /** That event for the wire. */
        public static Change of(DiscoveryEvent event) {
            var instance = Instance.of(event.instance());
            return switch (event) {
                case DiscoveryEvent.Added added -> new Change(Kind.ADDED, instance, "", added.timestamp());
                case DiscoveryEvent.Updated updated -> new Change(Kind.UPDATED, instance, "", updated.timestamp());
                case DiscoveryEvent.Removed removed ->
                    new Change(Kind.REMOVED, instance, removed.reason(), removed.timestamp());
            };
        }
    }

    /** What happened to an instance. */
    enum Kind {
        /** It is there and was not. */
        ADDED,
        /** Something about it is different. */
        UPDATED,
        /** It is gone. */
        REMOVED
    }
}
