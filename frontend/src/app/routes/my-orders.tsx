import { PageHeading } from "@/components/page-heading";
import { OrderList } from "@/features/orders/components/order-list";
import { usePageTitle } from "@/hooks/use-page-title";
import { useSearchParams } from "react-router";
import { RequireLogin } from "../require-login";

export default function MyOrdersRoute() {
  const [params] = useSearchParams();
  const page = clampPage(Number.parseInt(params.get("page") ?? "1", 10) || 1);
  usePageTitle(page > 1 ? `Your orders, page ${page}` : "Your orders");
  return (
    <div className="mx-auto max-w-4xl">
      <PageHeading className="mb-6 text-[clamp(2.25rem,1.4rem+3vw,3.5rem)] font-[350] tracking-[-0.022em]">
        Your orders
      </PageHeading>
      <RequireLogin>
        {(user) => <OrderList key={user.id} userId={user.id} page={page} />}
      </RequireLogin>
    </div>
  );
}

const MAX_PAGE = 100_000;
const clampPage = (page: number) => Math.min(Math.max(1, page), MAX_PAGE);
