import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.DefaultValue;
import dev.treaty.core.contract.Description;
import dev.treaty.core.contract.Idempotent;
import dev.treaty.core.contract.ServiceContract;
import java.util.List;

class ContractExample {
    // @start region="contract"
    record Order(String id, String customer, List<String> items) {}

    @Contract(name = "shop.Orders", version = "1.4.0")
    @Description("Accepts and stores orders.")
    interface Orders {
        @Idempotent
        Order get(String id);

        @Idempotent
        List<Order> list(String customer, @DefaultValue("20") int limit);

        Order place(Order order);
    }

    String text = ServiceContract.of(Orders.class).text(); // contract shop.Orders 1.4.0 …
    // @end
}
