#include <stdexcept>

extern "C" void zoo_throw(void)
{
    throw std::runtime_error("nobody catches this");
}
