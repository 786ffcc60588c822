package dev.treaty.http;

import dev.treaty.core.contract.Capability;
import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Description;
import dev.treaty.core.contract.Idempotent;
import dev.treaty.core.contract.Tag;
import dev.treaty.core.contract.Tagged;
import dev.treaty.core.contract.WhenAbsent;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A contract that uses every shape there is. */
@Contract(
        name = "shop.Orders",
        version = "1.4.0",
        capabilities = @Capability(name = "gift-wrapping", description = "Orders can be wrapped"))
@Description("Takes orders and tells about them.")
public interface Shop {
    /** The id of an order. */
    record OrderId(@Description("As given by place.") String id) {}

    /** A line of an order. */
    record Line(String sku, int quantity) {
        /** Refuses what cannot be ordered. */
        public Line {
            if (quantity < 1) {
                throw new IllegalArgumentException("quantity must be at least 1");
            }
        }
    }

    /** How an order stands. */
    enum Status {
        NEW,
        PAID,
        SENT
    }

    /** How an order is paid. */
    @Tagged("kind")
    sealed interface Payment permits Card, Invoice {}

    /** By card. */
    @Tag("card")
    record Card(String number) implements Payment {}

    /** Later. */
    record Invoice(String company, Optional<String> reference) implements Payment {}

    /** An order. */
    record Order(String id, Status status, List<Line> lines, Payment payment) {}

    /** A part of a list. */
    record Page<T>(List<T> items, Optional<String> next) {}

    /** Every scalar. */
    record Scalars(
            String string,
            boolean bool,
            byte tiny,
            short small,
            int whole,
            long big,
            float single,
            double real,
            BigInteger huge,
            BigDecimal exact,
            byte[] bytes,
            Instant instant,
            LocalDate date,
            LocalTime time,
            LocalDateTime dateTime,
            OffsetDateTime timestamp,
            Duration duration,
            UUID uuid,
            URI uri) {}

    /** Everything that holds others. */
    record Holders(
            List<Integer> list,
            Set<Status> set,
            int[] array,
            String[][] table,
            Map<String, Line> map,
            Map<Status, Long> counts,
            Optional<Line> optional,
            OptionalInt optionalInt,
            OptionalLong optionalLong,
            OptionalDouble optionalDouble,
            @Nullable String nullable,
            @WhenAbsent("20") int size,
            @WhenAbsent("NEW") Status status,
            @WhenAbsent("PT5S") Duration patience) {}

    /** One record is the message. */
    @Idempotent
    @Description("The order of that id.")
    Order get(OrderId id);

    /** One record is the message, and running it twice places two orders. */
    OrderId place(Order order);

    /** Several parameters are a message, and a list is wrapped. */
    @Idempotent
    List<Order> find(String text, Optional<Status> status, @WhenAbsent("10") int most);

    /** Generic records. */
    @Idempotent
    Page<Line> lines(OrderId id, @Nullable String from);

    /** Nothing comes back. */
    void cancel(OrderId id);

    /** Nothing is sent, and maybe nothing comes back. */
    @Idempotent
    Optional<OrderId> last();

    /** Every scalar there and back. */
    @Idempotent
    Scalars scalars(Scalars scalars);

    /** Everything that holds others, there and back. */
    @Idempotent
    Holders holders(Holders holders);

    /** An optional of a primitive. */
    @Idempotent
    OptionalInt count(Set<Status> statuses);

    /** A choice on its own. */
    @Idempotent
    Payment pay(Payment payment);
}
