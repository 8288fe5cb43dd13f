import { paths } from "@/config/paths";
import { SHOP } from "@/config/shop";
import { Link } from "react-router";

export function Wordmark() {
  return (
    <Link
      to={paths.home}
      className="group flex min-h-11 items-center gap-3"
      aria-label={`${SHOP} home page`}
    >
      <svg aria-hidden viewBox="0 0 34 40" className="h-9 w-auto shrink-0">
        <path
          d="M2 1h27.500l1.800 2.600-1.500 2.700 2.100 2.900-1.600 2.700 1.900 3-2 2.600 1.700 3.100-2.100 2.500 2 3-1.800 2.600 1.600 2.900-1.900 2.500 1.500 2.900-1.700 3H2Z"
          className="fill-primary transition-colors group-hover:fill-primary-hover"
        />
        <path d="M6.500 1v38" className="stroke-primary-foreground/35" strokeWidth="1" />
        <path
          d="M11 11.500h6.200c5.400 0 8.700 3.200 8.700 8.500s-3.300 8.500-8.700 8.500H11v-1.200l2-.5V13.200l-2-.5Zm4.600 1.500v14h1.500c3.900 0 6-2.500 6-7s-2.100-7-6-7Z"
          className="fill-primary-foreground"
        />
      </svg>
      <span className="font-serif text-[1.9rem] leading-none tracking-[-0.025em]">{SHOP}</span>
    </Link>
  );
}
