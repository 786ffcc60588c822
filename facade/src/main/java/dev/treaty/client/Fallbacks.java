package dev.treaty.client;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.treaty.codec.JsonCodec;
import dev.treaty.codec.MessageException;
import dev.treaty.core.call.Call;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Dispatcher;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Handler;
import dev.treaty.core.call.Headers;
import dev.treaty.core.call.Origin;
import dev.treaty.core.call.Principal;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.call.ServiceResponse.Failed;
import dev.treaty.core.contract.Operation;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.time.Time;
import dev.treaty.resilience.Fallback;
import dev.treaty.resilience.FallbackPolicy;
import dev.treaty.resilience.Policies;
import java.io.ByteArrayOutputStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The fallbacks of one client: first the one in the client's code, then the configured ones in the order of {@link
 * FallbackPolicy}. The guard passes the policy that is in force for a call.
 *
 * <p>Each client caches its own responses, because their Java types are its own.
 */
public final class Fallbacks implements BiFunction<Call, FallbackPolicy, Fallback<Object>> {
    /** A fallback without a response. */
    static final Fallback<Object> NONE = _ -> ServiceResponse.failed(Fallback.NO_ANSWER);

    private static final ScopedValue<Fault> FAULT = ScopedValue.newInstance();

    private final Alternative alternative;
    private final Time time;
    private final @Nullable Function<Call, Fallback<Object>> code;
    private final Map<String, Configured> configured = new ConcurrentHashMap<>();

    /** Sends a call to an alternative service. */
    @FunctionalInterface
    interface Alternative {
        ServiceResponse<?> call(ServiceName other, Call call) throws InterruptedException;
    }

    /** @param code the fallback in the client's code; null for none */
    Fallbacks(Alternative alternative, Time time, @Nullable Function<Call, Fallback<Object>> code) {
        this.alternative = alternative;
        this.time = time;
        this.code = code;
    }

    /** A fallback to another implementation of the contract. */
    public static <T> Function<Call, Fallback<Object>> implementation(
            Class<T> type, ServiceContract contract, T implementation, BiConsumer<Call, Throwable> failures) {
        Handler handler = Dispatcher.of(type, contract, implementation, failures);
        return call -> _ -> withOrigin(handler.handle(call), Origin.ALTERNATIVE);
    }

    /** A fallback to an implementation that depends on the fault. */
    public static <T> Function<Call, Fallback<Object>> degraded(
            Class<T> type,
            ServiceContract contract,
            Function<? super Fault, ? extends T> function,
            BiConsumer<Call, Throwable> failures) {
        Object each = Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (_, method, arguments) -> {
            try {
                return method.invoke(function.apply(FAULT.get()), arguments);
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
        });
        Handler handler = Dispatcher.of(type, contract, type.cast(each), failures);
        return call ->
                fault -> withOrigin(ScopedValue.where(FAULT, fault).call(() -> handler.handle(call)), Origin.DEGRADED);
    }

    private static ServiceResponse<Object> withOrigin(ServiceResponse<?> response, Origin origin) {
        return switch (response) {
            case ServiceResponse.Ok<?>(var value, var _, var _, var metadata) ->
                new ServiceResponse.Ok<>(value, origin, 0, metadata);
            case Failed<?>(var fault, var _, var metadata) -> new Failed<>(fault, 0, metadata);
        };
    }

    /**
     * Checks the fixed responses for the operations of a contract, before the first call.
     *
     * @throws IllegalArgumentException if one is not a response of any operation that it is configured for
     */
    static void check(ServiceContract contract, Policies policies) {
        var problems = new LinkedHashMap<String, Optional<String>>(); // by response; empty if any operation accepts it
        for (Operation operation : contract.operations()) {
            policies.of(operation).fallback().value().ifPresent(value -> {
                var codec = new JsonCodec(contract.name(), operation);
                Optional<String> problem =
                        fixed(codec, contract.name(), operation, value) instanceof Failed<?>(var fault, var _, var _)
                                ? Optional.of(fault.message())
                                : Optional.empty();
                problems.merge(value, problem, (one, other) -> one.flatMap(_ -> other.isEmpty() ? other : one));
            });
        }
        problems.values().stream().flatMap(Optional::stream).findFirst().ifPresent(problem -> {
            throw new IllegalArgumentException(problem);
        });
    }

    @SuppressWarnings("NullAway") // the response of an operation without a result is null
    private static ServiceResponse<Object> fixed(
            JsonCodec codec, ServiceName service, Operation operation, String value) {
        byte[] json = value.getBytes(UTF_8);
        try {
            return ServiceResponse.ok(codec.readResponse(json, 0, json.length), Origin.STATIC);
        } catch (MessageException e) {
            return ServiceResponse.failed(
                    Code.INTERNAL,
                    "fallback.value of " + service + " is not an answer of " + operation.name() + ": "
                            + e.getMessage());
        }
    }

    @Override
    public Fallback<Object> apply(Call call, FallbackPolicy policy) {
        if (!policy.any()) {
            return code == null ? NONE : code.apply(call);
        }
        Fallback<Object> next = configured(call, policy).fallback(call);
        return code == null ? next : code.apply(call).or(next);
    }

    @SuppressWarnings("ReferenceEquality") // another operation may have other Java types
    private Configured configured(Call call, FallbackPolicy policy) {
        Configured known = configured.get(call.operation().name());
        if (known == null || known.operation != call.operation() || !known.policy.equals(policy)) {
            known = new Configured(call.service(), call.operation(), policy);
            configured.put(call.operation().name(), known);
        }
        return known;
    }

    /** The key of a cached response: the same encoded request from the same caller with the same headers. */
    private record CacheKey(Principal caller, Headers headers, String request) {}

    /** The configured fallbacks of one operation. */
    private final class Configured {
        final ServiceName service;
        final Operation operation;
        final FallbackPolicy policy;
        private final JsonCodec codec;
        private final Optional<ServiceName> other;
        private final @Nullable Cache<CacheKey, Object> responses;

        Configured(ServiceName service, Operation operation, FallbackPolicy policy) {
            this.service = service;
            this.operation = operation;
            this.policy = policy;
            this.codec = new JsonCodec(service, operation);
            this.other = policy.alternative().map(ServiceName::new);
            // Repeating a call that is not idempotent cannot be replaced by its earlier response.
            this.responses = policy.cacheFor().isZero() || !operation.idempotent()
                    ? null
                    : Caffeine.newBuilder()
                            .maximumSize(policy.cacheMax())
                            .expireAfterWrite(policy.cacheFor())
                            .ticker(time::nanoTime)
                            .executor(Runnable::run)
                            .build();
        }

        Fallback<Object> fallback(Call call) {
            Fallback<Object> all = responses == null ? NONE : cached(responses, call);
            if (other.isPresent()) {
                all = all.or(_ -> withOrigin(alternative.call(other.get(), call), Origin.ALTERNATIVE));
            }
            return policy.value().isPresent()
                    ? all.or(
                            _ -> fixed(codec, service, operation, policy.value().get()))
                    : all;
        }

        /** Creates the key only when there is a response to look up or to store. */
        private Fallback<Object> cached(Cache<CacheKey, Object> cache, Call call) {
            return new Fallback<>() {
                @Override
                public ServiceResponse<Object> answer(Fault fault) {
                    Object response = cache.getIfPresent(key(call));
                    return response == null
                            ? ServiceResponse.failed(NO_ANSWER)
                            : ServiceResponse.ok(response, Origin.CACHED);
                }

                @Override
                public void succeeded(Object response) {
                    cache.put(key(call), response);
                }
            };
        }

        private CacheKey key(Call call) {
            var request = new ByteArrayOutputStream();
            codec.writeRequest(call.arguments(), request);
            return new CacheKey(call.context().caller(), call.context().headers(), request.toString(ISO_8859_1));
        }
    }
}
