import { paths } from "@/config/paths";
import { SHOP } from "@/config/shop";
import { Link } from "react-router";

export function Footer() {
  return (
    <footer className="deckle-above relative mt-24 bg-[#16382e] text-[#e9e5d4] dark:bg-[#0d1a15]">
      <div className="mx-auto grid max-w-[84rem] gap-10 px-4 pt-14 pb-12 sm:px-8 md:grid-cols-[1.5fr_1fr]">
        <div>
          <p className="font-serif text-[2.5rem] leading-none tracking-[-0.025em]">{SHOP}</p>
          <p className="mt-5 max-w-[38ch] font-serif text-[1.1875rem] leading-normal text-[#c6cfc0] italic">
            The rough edge a sheet of paper has before anyone trims it. We leave ours on.
          </p>
        </div>
        <nav aria-label="Shop" className="md:justify-self-end">
          <ul className="grid gap-1 text-sm">
            {LINKS.map(([label, to]) => (
              <li key={label}>
                <Link
                  to={to}
                  className="inline-flex min-h-9 items-center underline-offset-4 hover:underline focus-visible:outline-[#e2c98f]"
                >
                  {label}
                </Link>
              </li>
            ))}
          </ul>
        </nav>
        <p className="border-t border-[#e9e5d4]/20 pt-5 text-xs text-[#c6cfc0] md:col-span-2">
          Set in Newsreader and Hanken Grotesk. Every cover was drawn for this shop.
        </p>
      </div>
    </footer>
  );
}

const LINKS = [
  ["All books", paths.browse()],
  ["In stock today", paths.browse({ in_stock: "true" })],
  ["New on the shelves", paths.browse({ sort: "newest" })],
  ["Your orders", paths.orders()],
] as const;
