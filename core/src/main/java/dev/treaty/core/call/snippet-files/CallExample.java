import dev.treaty.core.call.Code;
import dev.treaty.core.call.Filter;
import dev.treaty.core.call.Handler;
import dev.treaty.core.call.ServiceResponse;

class CallExample {
    // @start region="filter"
    Filter daytimeOnly = (call, next) ->
            daytime() ? next.handle(call) : ServiceResponse.failed(Code.FAILED_PRECONDITION, "the shop is closed");

    Handler shop = daytimeOnly.around(
            call -> ServiceResponse.ok("hello " + call.arguments().getFirst()));
    // @end

    static boolean daytime() {
        return true;
    }
}
