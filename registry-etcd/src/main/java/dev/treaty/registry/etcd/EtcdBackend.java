package dev.treaty.registry.etcd;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.registry.RegistryAddress;
import dev.treaty.registry.spi.Backend;
import dev.treaty.registry.spi.Claim;
import dev.treaty.registry.spi.ClusterAddress;
import dev.treaty.registry.spi.RegistryProvider.RegistryContext;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.common.exception.ErrorCode;
import io.etcd.jetcd.common.exception.EtcdException;
import io.etcd.jetcd.kv.GetResponse;
import io.etcd.jetcd.kv.TxnResponse;
import io.etcd.jetcd.op.Cmp;
import io.etcd.jetcd.op.CmpTarget;
import io.etcd.jetcd.op.Op;
import io.etcd.jetcd.options.DeleteOption;
import io.etcd.jetcd.options.GetOption;
import io.etcd.jetcd.options.OptionsUtil;
import io.etcd.jetcd.options.PutOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Keeps a registry in etcd. One transaction claims an id and writes the instance, so that an id has at most one holder.
 * The package documentation lists the keys.
 */
final class EtcdBackend implements Backend {
    /** The prefix of the value that replaces an instance before it is deleted, so that followers read the reason. */
    static final String GONE = "gone: ";

    private static final int PORT = 2379;

    /** The number of keys that one transaction reads; by default, etcd rejects more than 128. */
    private static final int BATCH = 100;

    /** The number of keys that one request reads. */
    private static final int PAGE = 1_000;

    /** Appended to a key, it makes the next key. */
    private static final ByteSequence NEXT = ByteSequence.from(new byte[1]);

    /** How often a transaction that conflicts with others is tried. */
    private static final int TRIES = 4;

    private final EtcdKeys keys;
    private final EtcdClients clients;
    private final RegistryContext context;
    private final long leaseSeconds;
    private final AtomicLong lease = new AtomicLong(); // 0 for none
    private volatile long leaseMillis;

    EtcdBackend(RegistryAddress.Provided registry, RegistryContext context) {
        var address = ClusterAddress.parse(registry, PORT);
        this.keys = new EtcdKeys(address.path());
        this.context = context;
        this.clients = new EtcdClients(address, context.time());
        this.leaseSeconds = Math.max(1, context.policy().lease().toSeconds());
        this.leaseMillis = Duration.ofSeconds(leaseSeconds).toMillis();
    }

    /** Sends a request and waits for the response. */
    private <T> T ask(Function<Client, CompletableFuture<T>> request) throws InterruptedException {
        Client client = clients.current();
        CompletableFuture<T> response;
        try {
            response = request.apply(client);
        } catch (RuntimeException e) {
            clients.failed(client);
            throw exception(e);
        }
        try {
            T value = response.get(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
            clients.succeeded(client);
            return value;
        } catch (ExecutionException e) {
            ServiceException exception = exception(e);
            if (exception.code() == Code.UNAVAILABLE) {
                clients.failed(client);
            }
            throw exception;
        } catch (TimeoutException e) {
            response.cancel(true);
            clients.failed(client);
            throw new ServiceException(Code.UNAVAILABLE, "etcd did not respond within " + PATIENCE_MILLIS + " ms");
        }
    }

    /** Converts what jetcd throws: into the error that etcd returned, otherwise into {@code unavailable}. */
    static ServiceException exception(Throwable thrown) {
        Throwable cause = thrown;
        while (!(cause instanceof EtcdException) && cause.getCause() != null) {
            cause = cause.getCause();
        }
        String message = "etcd: "
                + String.valueOf(cause.getMessage())
                        .lines()
                        .findFirst()
                        .orElse(cause.getClass().getSimpleName());
        if (!(cause instanceof EtcdException etcd)) {
            return new ServiceException(Code.UNAVAILABLE, message);
        }
        Code code = switch (etcd.getErrorCode()) {
            case NOT_FOUND -> Code.NOT_FOUND;
            case UNAUTHENTICATED -> Code.UNAUTHENTICATED;
            case PERMISSION_DENIED -> Code.PERMISSION_DENIED;
            case RESOURCE_EXHAUSTED -> Code.RESOURCE_EXHAUSTED;
            default -> Code.UNAVAILABLE;
        };
        return new ServiceException(new Fault(code, message, true, Optional.empty()));
    }

    /** Returns whether etcd no longer keeps the requested revision. */
    static boolean isCompacted(Throwable e) {
        return e instanceof EtcdException etcd && etcd.getErrorCode() == ErrorCode.OUT_OF_RANGE;
    }

    static ByteSequence bytes(String text) {
        return ByteSequence.from(text, UTF_8);
    }

    private static String text(KeyValue value) {
        return value.getValue().toString(UTF_8);
    }

    private static Cmp isAbsent(String key) {
        return new Cmp(bytes(key), Cmp.Op.EQUAL, CmpTarget.createRevision(0));
    }

    private static Cmp isEqual(String key, String value) {
        return new Cmp(bytes(key), Cmp.Op.EQUAL, CmpTarget.value(bytes(value)));
    }

    private static Op get(String key) {
        return Op.get(bytes(key), GetOption.DEFAULT);
    }

    private static Op delete(String key) {
        return Op.delete(bytes(key), DeleteOption.DEFAULT);
    }

    /** Writes under a lease; 0 for none. */
    private static Op put(String key, String value, long lease) {
        return Op.put(
                bytes(key), bytes(value), PutOption.builder().withLeaseId(lease).build());
    }

    private TxnResponse transaction(Cmp condition, List<Op> then, Op... otherwise) throws InterruptedException {
        return ask(client -> client.getKVClient()
                .txn()
                .If(condition)
                .Then(then.toArray(Op[]::new))
                .Else(otherwise)
                .commit());
    }

    /** Returns the values that the first read operation of a transaction found. */
    private static List<KeyValue> found(TxnResponse response) {
        return response.getGetResponses().getFirst().getKvs();
    }

    @Override
    public String epoch(String candidate) throws InterruptedException {
        String key = keys.epoch();
        List<KeyValue> known =
                ask(client -> client.getKVClient().get(bytes(key))).getKvs();
        if (!known.isEmpty()) {
            return text(known.getFirst());
        }
        TxnResponse response = transaction(isAbsent(key), List.of(put(key, candidate, 0)), get(key));
        return response.isSucceeded() ? candidate : text(found(response).getFirst());
    }

    @Override
    public long leaseMillis() {
        return leaseMillis;
    }

    /** Returns the current lease; acquires one if there is none. */
    private long lease() throws InterruptedException {
        if (lease.get() == 0) {
            var granted = ask(client -> client.getLeaseClient().grant(leaseSeconds));
            leaseMillis = Duration.ofSeconds(granted.getTTL()).toMillis();
            lease.set(granted.getID());
            return granted.getID();
        }
        return lease.get();
    }

    /** Runs a request that needs a lease; empty if the lease has expired, so that the next request acquires another. */
    private <T> Optional<T> underLease(long held, Function<Client, CompletableFuture<T>> request)
            throws InterruptedException {
        try {
            return Optional.of(ask(request));
        } catch (ServiceException e) {
            if (e.code() == Code.NOT_FOUND) {
                lease.compareAndSet(held, 0);
                return Optional.empty();
            }
            throw e;
        }
    }

    @Override
    public Optional<Holder> hold(Holding holding) throws InterruptedException {
        String id = keys.id(holding.id());
        String claim = Claim.of(holding);
        Cmp condition = isAbsent(id);
        for (int i = 0; i < TRIES; i++) {
            long held = lease();
            var response = underLease(held, write(condition, held, holding));
            if (response.isPresent() && response.get().isSucceeded()) {
                return Optional.empty();
            }
            List<KeyValue> found = response.map(EtcdBackend::found).orElse(List.of());
            if (!found.isEmpty() && !text(found.getFirst()).equals(claim)) {
                return Optional.of(Claim.holder(text(found.getFirst())));
            }
            condition = found.isEmpty() ? isAbsent(id) : isEqual(id, claim);
        }
        throw new ServiceException(Code.UNAVAILABLE, "instance " + holding.id() + " changes too often");
    }

    /** Writes the id and the instance under the lease if the condition holds; otherwise reads the holder of the id. */
    private Function<Client, CompletableFuture<TxnResponse>> write(Cmp condition, long held, Holding holding) {
        String id = keys.id(holding.id());
        return client -> client.getKVClient()
                .txn()
                .If(condition)
                .Then(put(id, Claim.of(holding), held), put(keys.instance(holding), holding.value(), held))
                .Else(get(id))
                .commit();
    }

    @Override
    public boolean replace(Holding holding) throws InterruptedException {
        long held = lease.get();
        return held != 0
                && underLease(held, write(isEqual(keys.id(holding.id()), Claim.of(holding)), held, holding))
                        .filter(TxnResponse::isSucceeded)
                        .isPresent();
    }

    @Override
    public Set<String> renew(Collection<Holding> holdings) throws InterruptedException {
        long held = lease();
        if (underLease(held, client -> client.getLeaseClient().keepAliveOnce(held))
                .isEmpty()) {
            return holdings.stream().map(Holding::id).collect(Collectors.toSet());
        }
        var unknown = new HashSet<String>();
        var all = List.copyOf(holdings);
        for (int from = 0; from < all.size(); from += BATCH) {
            unknown.addAll(missing(all.subList(from, Math.min(all.size(), from + BATCH)), held));
        }
        return unknown;
    }

    /** Returns the ids of instances that were deleted, or that are under another lease. */
    private Set<String> missing(List<Holding> batch, long held) throws InterruptedException {
        Op[] reads = batch.stream().map(holding -> get(keys.instance(holding))).toArray(Op[]::new);
        var response = ask(client -> client.getKVClient().txn().Then(reads).commit());
        var missing = new HashSet<String>();
        for (int i = 0; i < batch.size(); i++) {
            var found = response.getGetResponses().get(i).getKvs();
            if (found.isEmpty() || found.getFirst().getLease() != held) {
                missing.add(batch.get(i).id());
            }
        }
        return missing;
    }

    @Override
    public void release(Holding holding, String reason) throws InterruptedException {
        if (replace(holding.withValue(GONE + reason))) { // because a deletion has no reason
            String id = keys.id(holding.id());
            transaction(isEqual(id, Claim.of(holding)), List.of(delete(keys.instance(holding)), delete(id)));
        }
    }

    @Override
    public void store(ServiceName service, Version version, String contract) throws InterruptedException {
        ask(client -> client.getKVClient().put(bytes(keys.contract(service, version)), bytes(contract)));
    }

    @Override
    public void forget(ServiceName service, Version version) throws InterruptedException {
        ask(client -> client.getKVClient().delete(bytes(keys.contract(service, version))));
    }

    /** The values under a prefix as of a revision. */
    record Snapshot(long revision, List<KeyValue> values) {}

    /** Reads page by page, each page as of the revision of the first. */
    private Snapshot read(String prefix, boolean keysOnly) throws InterruptedException {
        var values = new ArrayList<KeyValue>();
        ByteSequence from = bytes(prefix);
        ByteSequence end = OptionsUtil.prefixEndOf(from);
        long revision = 0;
        while (true) {
            ByteSequence first = from;
            var option = GetOption.builder()
                    .withRange(end)
                    .withLimit(PAGE)
                    .withRevision(revision)
                    .withKeysOnly(keysOnly)
                    .build();
            GetResponse page = ask(client -> client.getKVClient().get(first, option));
            values.addAll(page.getKvs());
            revision = revision == 0 ? page.getHeader().getRevision() : revision;
            if (!page.isMore()) {
                return new Snapshot(revision, values);
            }
            from = values.getLast().getKey().concat(NEXT);
        }
    }

    @Override
    public List<String> contracts(ServiceName service) throws InterruptedException {
        return read(keys.contracts(service), false).values().stream()
                .sorted(Comparator.comparingLong(KeyValue::getModRevision))
                .map(EtcdBackend::text)
                .toList();
    }

    @Override
    public Set<ServiceName> services() throws InterruptedException {
        var names = new TreeSet<ServiceName>();
        for (String parent : List.of(keys.instances(), keys.contracts())) {
            for (KeyValue each : read(parent, true).values()) {
                EtcdKeys.service(parent, each.getKey().toString(UTF_8)).ifPresent(names::add);
            }
        }
        return names;
    }

    @Override
    public List<String> instances(ServiceName service) throws InterruptedException {
        return snapshot(service).values().stream()
                .map(EtcdBackend::text)
                .filter(value -> !value.startsWith(GONE))
                .toList();
    }

    /** Reads the instances of a service. */
    Snapshot snapshot(ServiceName service) throws InterruptedException {
        return read(keys.instances(service), false);
    }

    @Override
    public Following follow(ServiceName service, Follower follower) {
        var thread = new EtcdFollower(this, clients, keys.instances(service), context, service, follower);
        thread.start();
        return thread;
    }

    @Override
    public void close() {
        long held = lease.getAndSet(0);
        try {
            if (held != 0) { // ends at once what could not be released
                ask(client -> client.getLeaseClient().revoke(held));
            }
        } catch (ServiceException e) {
            // etcd cannot be reached: the lease expires
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            clients.close();
        }
    }
}
