import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.FaultDetail;
import dev.treaty.core.call.Filter;
import dev.treaty.core.call.Handler;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.call.ServiceResponse;

class CallExample {
    // @start region="filter"
    Filter daytimeOnly = (call, next) ->
            daytime() ? next.handle(call) : ServiceResponse.failed(Code.FAILED_PRECONDITION, "the shop is closed");

    Handler shop = daytimeOnly.around(
            call -> ServiceResponse.ok("hello " + call.arguments().getFirst()));
    // @end

    // @start region="detail"
    static ServiceException outOfStock(String sku) {
        return new ServiceException(Fault.of(Code.FAILED_PRECONDITION, sku + " is out of stock")
                .detail(FaultDetail.text("shop.OutOfStock", sku)));
    }

    static String replacement(ServiceException failure) {
        return failure.fault().detail("shop.OutOfStock").map(FaultDetail::text).orElseThrow(() -> failure);
    }
    // @end

    static boolean daytime() {
        return true;
    }
}
