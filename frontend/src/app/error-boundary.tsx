import { Component, type ReactNode } from "react";
import { ErrorPage } from "./routes/error-page";

interface ErrorBoundaryProps {
  /** The next location gets another try. */
  locationKey: string;
  children: ReactNode;
}

/** Shows the error page when a page fails to render or its code cannot be loaded. */
export class ErrorBoundary extends Component<ErrorBoundaryProps, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override componentDidUpdate(previous: ErrorBoundaryProps) {
    if (this.state.failed && previous.locationKey !== this.props.locationKey)
      this.setState({ failed: false });
  }

  override render() {
    return this.state.failed ? <ErrorPage /> : this.props.children;
  }
}
