import { Footer } from "@/components/layout/footer";
import { Header } from "@/components/layout/header";
import { SearchBox } from "@/components/layout/search-box";
import { Toaster } from "@/components/toaster";
import { AccountNav } from "@/features/auth/components/account-nav";
import { useOrdersFromOtherTabs } from "@/features/orders/api/use-orders-from-other-tabs";
import { Outlet } from "react-router";
import { useClearPrivateCache } from "../use-clear-private-cache";
import { useScrollRestoration } from "../use-scroll-restoration";
import { useLostFocus, useRouteFocus } from "../use-route-focus";

export function Root() {
  useScrollRestoration();
  useRouteFocus();
  useLostFocus();
  useOrdersFromOtherTabs();
  useClearPrivateCache();
  return (
    <>
      <a
        href="#main"
        className="fixed top-2 left-2 z-50 -translate-y-20 rounded-md bg-foreground px-4 py-2.5 text-background focus:translate-y-0"
      >
        Skip to content
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
    </>
  );
}
