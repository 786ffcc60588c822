package dev.treaty.http;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.ServiceException;
import dev.treaty.fixtures.Shop;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;

/** The shop with orders in memory. */
final class StoredShop implements Shop {
    final Map<String, Order> orders = new ConcurrentSkipListMap<>();

    @Override
    public Order get(OrderId id) {
        if (id.id().equals("busy")) {
            throw new ServiceException(
                    Fault.of(Code.RESOURCE_EXHAUSTED, "too many requests").retryAfter(Duration.ofSeconds(3)));
        }
        if (id.id().equals("bug")) {
            throw new IllegalStateException("secret text");
        }
        Order order = orders.get(id.id());
        if (order == null) {
            throw new ServiceException(Code.NOT_FOUND, "there is no order " + id.id());
        }
        return order;
    }

    @Override
    public OrderId place(Order order) {
        orders.put(order.id(), order);
        return new OrderId(order.id());
    }

    @Override
    public List<Order> find(String text, Optional<Status> status, int most) {
        return orders.values().stream()
                .filter(order -> order.id().contains(text))
                .filter(order -> status.isEmpty() || status.get() == order.status())
                .limit(most)
                .toList();
    }

    @Override
    public Page<Line> lines(OrderId id, @Nullable String from) {
        return new Page<>(get(id).lines(), Optional.ofNullable(from));
    }

    @Override
    public void cancel(OrderId id) {
        orders.remove(id.id());
    }

    @Override
    public Optional<OrderId> last() {
        return orders.keySet().stream().reduce((_, last) -> last).map(OrderId::new);
    }

    @Override
    public Scalars scalars(Scalars scalars) {
        return scalars;
    }

    @Override
    public Holders holders(Holders holders) {
        return holders;
    }

    @Override
    public OptionalInt count(Set<Status> statuses) {
        return statuses.isEmpty() ? OptionalInt.empty() : OptionalInt.of(statuses.size());
    }

    @Override
    public Payment pay(Payment payment) {
        return payment;
    }
}
