import { Footer } from "@/components/layout/footer";
import { Header } from "@/components/layout/header";
import { SearchBox } from "@/components/layout/search-box";
import { Toaster } from "@/components/ui/toaster";
import { AccountNav } from "@/features/auth/components/account-nav";
import { useOrdersElsewhere } from "@/features/orders/api/use-orders-elsewhere";
import { Outlet, ScrollRestoration, type Location } from "react-router";
import { useForgetMembers } from "../use-forget-members";
import { useLostFocus, useRouteFocus } from "../use-route-focus";

export function Component() {
  useRouteFocus();
  useLostFocus();
  useOrdersElsewhere();
  useForgetMembers();
  return (
    <>
      <a
        href="#main"
        className="fixed top-2 left-2 z-50 -translate-y-20 rounded-md bg-ink px-4 py-2.5 text-ground focus:translate-y-0"
      >
        Skip to the content
      </a>
      <Header search={<SearchBox />} account={<AccountNav />} />
      <main
        id="main"
        tabIndex={-1}
        className="mx-auto min-h-dvh max-w-[84rem] px-4 pt-12 sm:px-8 md:pt-16"
      >
        <Outlet />
      </main>
      <Footer />
      <Toaster />
      <ScrollRestoration getKey={placeOf} />
    </>
  );
}

/** An address that was typed in has no key of its own; it must not be scrolled as the page before it was. */
const placeOf = ({ key, pathname, search }: Location) =>
  key === "default" ? pathname + search : key;
